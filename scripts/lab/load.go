package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/pkg/host"
)

// Load is the load of the demo and of most tests: 64 clients that never retry.
var Load = []string{
	"--client", "fresh=16", "--client", "post=16", "--client", "tls=10", "--client", "h2=8",
	"--client", "slow=6@http://127.0.0.1:8080/slow?for=3s", "--client", "upload=4@http://127.0.0.1:8080/upload",
	"--client", "download=4@http://127.0.0.1:8080/download",
	"--rate", "5",
}

// Drill runs command inside h, where nodrop is installed as /usr/bin/nodrop,
// under the load of the given --client arguments against myapp's ports. What
// command and the drill print goes to log. The report is there whenever the
// drill ran to its end, whatever it found.
func Drill(ctx context.Context, h *host.Host, log io.Writer, load []string, command ...string) (*drill.Report, error) {
	args := append([]string{"drill", "--url", "http://127.0.0.1:8080/", "--url", "https://127.0.0.1:8443/", "--json", "-"}, load...)
	cmd := h.Command(ctx, "nodrop", append(append(args, "--"), command...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, log
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		return nil, fmt.Errorf("drill: %w", err)
	}
	var r drill.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return nil, fmt.Errorf("reading the drill's report: %w\n%s", err, &out)
	}
	return &r, nil
}
