package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
)

func TestFlags(t *testing.T) {
	defaults := config{
		httpAddr: "[::]:8080", httpsAddr: "[::]:8443", metricsAddr: "127.0.0.1:9090", logLevel: slog.LevelInfo,
	}
	with := func(change func(*config)) config {
		c := defaults
		change(&c)
		return c
	}
	tests := []struct {
		name string
		args []string
		env  map[string]string
		want config
	}{
		{"nothing", nil, nil, defaults},
		{"flags", []string{"--http-addr", "127.0.0.1:1", "--https-addr=127.0.0.1:2", "--metrics-addr=127.0.0.1:3", "--state-dir=/x"}, nil,
			with(func(c *config) {
				c.httpAddr, c.httpsAddr, c.metricsAddr, c.stateDir = "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "/x"
			})},
		{"certificate", []string{"--tls-cert=/c", "--tls-key=/k"}, nil,
			with(func(c *config) { c.tlsCert, c.tlsKey = "/c", "/k" })},
		{"environment", nil, map[string]string{"MYAPP_HTTP_ADDR": "127.0.0.1:1", "STATE_DIRECTORY": "/var/lib/myapp", "MYAPP_LOG_LEVEL": "debug"},
			with(func(c *config) {
				c.httpAddr, c.stateDir, c.logLevel = "127.0.0.1:1", "/var/lib/myapp", slog.LevelDebug
			})},
		{"flag over environment", []string{"--http-addr=127.0.0.1:2"}, map[string]string{"MYAPP_HTTP_ADDR": "127.0.0.1:1"},
			with(func(c *config) { c.httpAddr = "127.0.0.1:2" })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			var got config
			ran := false
			app := newApp(new(bytes.Buffer), func(_ context.Context, c config) error {
				got, ran = c, true
				return nil
			})
			if err := app.Run(append([]string{"myapp"}, tt.args...)); err != nil {
				t.Fatal(err)
			}
			if !ran || got != tt.want {
				t.Errorf("got %+v (ran: %v), want %+v", got, ran, tt.want)
			}
		})
	}
}

func TestFlagsRefused(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string // in the error
	}{
		{"certificate without key", []string{"--tls-cert=/c"}, "give both"},
		{"key without certificate", []string{"--tls-key=/k"}, "give both"},
		{"no such level", []string{"--log-level=loud"}, "want debug, info, warn or error"},
		{"stray argument", []string{"serve"}, `unexpected argument "serve"`},
		{"no such flag", []string{"--port=1"}, "not defined"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			app := newApp(new(bytes.Buffer), func(context.Context, config) error {
				t.Error("ran all the same")
				return nil
			})
			err := app.Run(append([]string{"myapp"}, tt.args...))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestVersionFlag(t *testing.T) {
	var out bytes.Buffer
	app := newApp(&out, func(context.Context, config) error {
		t.Error("ran")
		return nil
	})
	if err := app.Run([]string{"myapp", "--version"}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "myapp "+version+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
