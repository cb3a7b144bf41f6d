package table

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path"

	"github.com/nodrop/nodrop/pkg/drill"
)

// during is the command of a drill that lasts as long as the action, which is
// done from outside.
const during = `touch "$1/began"
while ! [ -e "$1/over" ]; do sleep 0.02; done`

// Drill does something to a host under a load of nodrop drill's arguments, and
// reports what that cost. The report is there whenever the drill ran to its end;
// its command's error is action's.
func Drill(ctx context.Context, h Host, log io.Writer, load []string, action func() error) (*drill.Report, error) {
	dir := path.Join(h.Dir(), "drill")
	if out, err := h.Command(ctx, "sh", "-c", `rm -rf "$1" && mkdir "$1"`, "sh", dir).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making a directory for the drill: %w: %s", err, out)
	}
	args := append([]string{"drill", "--json", "-"}, h.Local(load)...)
	cmd := h.Command(ctx, "nodrop", append(args, "--", "sh", "-c", during, "sh", dir)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	const begin = `while ! [ -e "$1" ]; do sleep 0.02; done`
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	begun := make(chan error, 1)
	go func() { begun <- h.Command(waiting, "sh", "-c", begin, "sh", path.Join(dir, "began")).Run() }()
	var actionErr, err error
	select {
	case err = <-ended:
	case err = <-begun:
		if err != nil {
			return nil, fmt.Errorf("waiting for the drill's command: %w", err)
		}
		actionErr = action()
		if out, err := h.Command(ctx, "touch", path.Join(dir, "over")).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("ending the drill: %w: %s", err, out)
		}
		err = <-ended
	}
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		return nil, fmt.Errorf("drill: %w", err)
	}
	var r drill.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return nil, fmt.Errorf("reading the drill's report: %w\n%s", err, &out)
	}
	if actionErr != nil {
		r.Command.Error = actionErr.Error()
	}
	return &r, nil
}
