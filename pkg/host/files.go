package host

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
)

// Path is where this machine has the file at the absolute path in the host, until the host
// ends or reboots. A link in it with an absolute target leads out of the host.
func (h *Host) Path(name string) string {
	return path.Join("/proc", strconv.Itoa(h.leader), "root", name)
}

// Install copies the file src of this machine to dst inside the host, as
// [Host.WriteFile] does.
func (h *Host) Install(ctx context.Context, src, dst string, mode fs.FileMode) error {
	file, err := os.Open(src)
	if err != nil {
		return fmt.Errorf("installing %s in the host: %w", dst, err)
	}
	defer file.Close()
	return h.write(ctx, dst, file, mode)
}

// WriteFile writes data to the file at the absolute path dst inside the host, owned
// by root with the given permissions, and makes its directories. A file already
// there is replaced by a rename, so that a program may be replaced while it runs.
func (h *Host) WriteFile(ctx context.Context, dst string, data []byte, mode fs.FileMode) error {
	return h.write(ctx, dst, bytes.NewReader(data), mode)
}

// writeScript runs inside the host, where links lead to the host's own files and
// /tmp and /run are the host's.
const writeScript = `
dst=$1 mode=$2
mkdir -p -- "${dst%/*}/"
new=$(mktemp -- "$dst.XXXXXX")
trap 'rm -f -- "$new"' EXIT
cat >"$new"
chmod "$mode" "$new"
mv -fT -- "$new" "$dst"
`

func (h *Host) write(ctx context.Context, dst string, data io.Reader, mode fs.FileMode) error {
	if !path.IsAbs(dst) {
		return fmt.Errorf("writing %q in the host: not an absolute path", dst)
	}
	err := h.script(ctx, data, writeScript, dst, fmt.Sprintf("%04o", mode.Perm()))
	if err != nil {
		return fmt.Errorf("writing %s in the host: %w", dst, err)
	}
	return nil
}

// script runs a shell script inside the host. Its error holds the end of the
// script's output.
func (h *Host) script(ctx context.Context, stdin io.Reader, script string, args ...string) error {
	cmd := h.Command(ctx, "sh", append([]string{"-euc", script, "sh"}, args...)...)
	cmd.Stdin = stdin
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w; it said last:\n%s", err, lastLines(string(out), 20))
	}
	return nil
}
