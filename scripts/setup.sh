#!/usr/bin/env bash
# Installs the Debian packages that a tier of tests needs: lint, unit, cli, browser or hosts.
# Says what to install, and fails, where it may not install by itself.
set -euo pipefail

case "${1-}" in
  lint) needed="shellcheck systemd mandoc" ;;
  unit) needed="gcc libc6-dev shellcheck apt-utils createrepo-c rpm" ;; # the race detector wants a C compiler
  cli) needed="curl git openssl patch" ;;
  browser) needed="chromium fonts-dejavu-core" ;;
  hosts) needed="systemd-container debootstrap dpkg-dev lintian rpmlint rpm apt-utils createrepo-c debsig-verify gpg zsh fish gunicorn" ;;
  *) echo "usage: scripts/setup.sh lint|unit|cli|browser|hosts" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  echo "this is not a Debian machine: get what it calls $needed" >&2
  exit 1
fi
missing=
for package in $needed; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
  echo "run as root, or: apt-get install$missing" >&2
  exit 1
fi
echo "installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -q >/dev/null
# shellcheck disable=SC2086 # a list of package names
apt-get install -q -y --no-install-recommends $missing >/dev/null
