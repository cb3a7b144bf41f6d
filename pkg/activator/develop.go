package activator

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// develops reports whether somebody works on the program.
func (c *Config) develops() bool { return len(c.Watch) > 0 || c.Build != "" }

// develop builds, if there is something to build, and rolls out at each change,
// until ctx ends. A change ends a build that it comes too late for.
func (a *Activator) develop(ctx context.Context, changes <-chan struct{}) {
	var work sync.WaitGroup
	defer work.Wait()
	end := func() {}
	defer func() { end() }()
	begin := func() {
		end()
		work.Wait()
		var current context.Context
		current, end = context.WithCancel(ctx)
		work.Go(func() {
			if a.build(current) {
				_ = a.Rollout(current) // events tell how it went
			}
		})
	}
	if a.Build != "" {
		begin()
	}
	for {
		select {
		case <-changes:
			begin()
		case <-ctx.Done():
			return
		}
	}
}

// build runs the build command by the shell, and tells whether it was done.
func (a *Activator) build(ctx context.Context) bool {
	if a.Build == "" {
		return true
	}
	emit(&a.Config, Event{Kind: Building, Text: "building: " + a.Build})
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", a.Build)
	cmd.Stdout, cmd.Stderr = a.Stderr, a.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is ours to handle
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if err != nil && ctx.Err() == nil {
		emit(&a.Config, Event{Kind: Failed, Text: fmt.Sprintf("the build failed: %v; who serves, serves on", err)})
	}
	return err == nil
}
