package main

import (
	"log/slog"
	"os"
)

// newLogger returns a logger for people if out is a terminal, else for machines
// (systemd's journal, a container's log): JSON, an object a line.
func newLogger(out *os.File, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if info, err := out.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return slog.New(slog.NewTextHandler(out, options))
	}
	return slog.New(slog.NewJSONHandler(out, options))
}
