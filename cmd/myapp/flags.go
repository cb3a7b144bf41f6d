package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/urfave/cli/v2"
)

// config is what the command line and the environment say.
type config struct {
	httpAddr, httpsAddr, metricsAddr string // for running without systemd
	tlsCert, tlsKey                  string // both, or neither
	stateDir                         string // "": a place in the user's cache
	logLevel                         slog.Level
}

// newApp returns the command line, which hands what it read to run. What it
// prints goes to out.
func newApp(out io.Writer, run func(context.Context, config) error) *cli.App {
	var c config
	text := func(name, env, value, usage string, to *string) cli.Flag {
		return &cli.StringFlag{Name: name, EnvVars: []string{env}, Value: value, Usage: usage, Destination: to}
	}
	return &cli.App{
		Name:            "myapp",
		Usage:           "a small web server that upgrades without dropping a connection",
		Writer:          out,
		HideVersion:     true, // ours prints "myapp 1.0.0", and nothing else
		HideHelpCommand: true,
		Flags: []cli.Flag{
			text("http-addr", "MYAPP_HTTP_ADDR", "[::]:8080", "where to listen for HTTP when not started by systemd", &c.httpAddr),
			text("https-addr", "MYAPP_HTTPS_ADDR", "[::]:8443", "where to listen for HTTPS when not started by systemd", &c.httpsAddr),
			text("metrics-addr", "MYAPP_METRICS_ADDR", "127.0.0.1:9090", "where to serve /metrics when not started by systemd", &c.metricsAddr),
			text("tls-cert", "MYAPP_TLS_CERT", "", "PEM `FILE` with the certificate and its chain; read again when it changes (default: a self-signed one, kept in the state directory)", &c.tlsCert),
			text("tls-key", "MYAPP_TLS_KEY", "", "PEM `FILE` with the certificate's private key", &c.tlsKey),
			text("state-dir", "STATE_DIRECTORY", "", "`DIR` that outlives the process (default: myapp in the user's cache directory)", &c.stateDir),
			&cli.StringFlag{Name: "log-level", EnvVars: []string{"MYAPP_LOG_LEVEL"}, Value: "info", Usage: "debug (every request), info, warn or error"},
			&cli.BoolFlag{Name: "version", Aliases: []string{"v"}, Usage: "print the version and exit", DisableDefaultText: true},
		},
		Action: func(ctx *cli.Context) error {
			if ctx.Bool("version") {
				_, err := fmt.Fprintln(out, "myapp", version)
				return err
			}
			if ctx.Args().Present() {
				return fmt.Errorf("unexpected argument %q: myapp takes flags only, see myapp --help", ctx.Args().First())
			}
			if err := c.logLevel.UnmarshalText([]byte(ctx.String("log-level"))); err != nil {
				return fmt.Errorf("reading --log-level %q: want debug, info, warn or error", ctx.String("log-level"))
			}
			if (c.tlsCert == "") != (c.tlsKey == "") {
				return fmt.Errorf("--tls-cert is %q and --tls-key is %q: give both, or neither for a self-signed certificate", c.tlsCert, c.tlsKey)
			}
			return run(ctx.Context, c)
		},
	}
}
