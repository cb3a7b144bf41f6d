#!/usr/bin/env bash
# systemd-analyze verify over the units in a directory. The programs that they
# start need not be installed: a root of their own has stand-ins for them.
set -euo pipefail
dir=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root/usr/lib/systemd" "$root/etc/systemd/system" "$root/usr/bin"
cp -r /usr/lib/systemd/system "$root/usr/lib/systemd/system"
ln -s usr/lib "$root/lib"
ln -s usr/bin "$root/bin"
cp "$dir"/*.service "$dir"/*.socket "$root/etc/systemd/system/"
sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$dir"/*.service | while read -r program; do
  install -D -m 755 /bin/true "$root$program"
done
for unit in "$dir"/*.service "$dir"/*.socket; do
  # Pages of a manual are looked up on the machine itself: --man=no.
  out=$(systemd-analyze verify --man=no --root="$root" "$(basename "$unit")" 2>&1 | grep -F "$(basename "$unit")" || true)
  if [ -n "$out" ]; then
    echo "$out" >&2
    failed=1
  fi
done
exit "${failed-0}"
