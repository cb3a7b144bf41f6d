package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/pkg/host"
	"github.com/nodrop/nodrop/pkg/rehearse"
	"github.com/nodrop/nodrop/scripts/lab"
)

// load is what all peers get. They serve HTTP/1.1 without TLS, and a page to whoever asks.
var load = []string{
	"--client", "fresh=16", "--client", "keepalive=16", "--client", "post=16", "--client", "idle=16",
	"--before", "3s", "--after", "5s",
}

// peer is a server whose upgrade is drilled.
type peer struct {
	Name    string `json:"name"`
	Upgrade string `json:"upgrade"` // in words
	version string // a shell command that prints it
	what    rehearse.Upgrade
	url     string
	prepare string // a shell script: a page for GET and POST, and idle connections kept for a minute
}

// debian are Debian's packages of servers, with the least configuration for the same page.
var debian = []peer{
	{what: rehearse.Upgrade{Package: "nginx"}, prepare: `
cat >/etc/nginx/sites-available/default <<.
server {
	listen 80;
	location / { return 200 hello; }
}
.
systemctl restart nginx`},
	{what: rehearse.Upgrade{Package: "haproxy"}, prepare: `
cat >>/etc/haproxy/haproxy.cfg <<.
frontend hello
	bind :80
	timeout http-keep-alive 60s
	http-request return status 200 content-type text/plain string hello
.
systemctl restart haproxy`},
	{what: rehearse.Upgrade{Package: "caddy"}, prepare: `
printf ':80 {\n\trespond hello\n}\n' >/etc/caddy/Caddyfile
systemctl restart caddy`},
	{what: rehearse.Upgrade{Package: "lighttpd"}, prepare: `
echo 'server.max-keep-alive-idle = 60' >>/etc/lighttpd/lighttpd.conf
echo hello >/var/www/html/index.html
systemctl restart lighttpd`},
	{what: rehearse.Upgrade{Package: "apache2"}, prepare: `
cat >/etc/apache2/conf-enabled/peers.conf <<.
KeepAliveTimeout 60
MaxKeepAliveRequests 0
# Without these it ends processes, and their connections, in quiet running.
StartServers 6
MinSpareThreads 150
MaxSpareThreads 150
.
echo hello >/var/www/html/index.html
systemctl restart apache2`},
}

// peers builds what is not Debian's.
func peers(ctx context.Context, l *lab.Lab) ([]peer, error) {
	var all []peer
	for _, p := range debian {
		name := p.what.Package
		p.Name, p.Upgrade, p.url = "Debian's "+name, "its packages reinstalled", "http://127.0.0.1:80/"
		p.version = "dpkg-query -W -f '${Version}' " + name
		all = append(all, p)
	}
	for _, r := range []struct {
		name     string
		shutdown bool
	}{
		{"the plain recipe", false},
		{"socket-activated, Server.Shutdown", true},
	} {
		p := peer{Name: r.name, Upgrade: "apt, systemctl restart", url: "http://127.0.0.1:80/", version: "echo -n 2"}
		var err1, err2 error
		p.what.From, err1 = l.Recipe(ctx, lab.Recipe{Version: "1", Shutdown: r.shutdown})
		p.what.To, err2 = l.Recipe(ctx, lab.Recipe{Version: "2", Shutdown: r.shutdown})
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	p := peer{Name: "nodrop's myapp", Upgrade: "apt, its rollout", url: "http://127.0.0.1:8080/", version: "echo -n 1.1.0"}
	var err1, err2 error
	p.what.From, err1 = l.Package(ctx, lab.Release{Version: "1.0.0"}, "deb")
	p.what.To, err2 = l.Package(ctx, lab.Release{Version: "1.1.0"}, "deb")
	return append(all, p), errors.Join(err1, err2)
}

// drilled is what became of a peer.
type drilled struct {
	peer
	Version string        `json:"version"`
	Report  *drill.Report `json:"report"` // without the slots of its timeline
}

// drillPeers drills one after the other.
func drillPeers(ctx context.Context, l *lab.Lab) ([]drilled, error) {
	nodrop, err := l.Nodrop(ctx)
	if err != nil {
		return nil, err
	}
	all, err := peers(ctx, l)
	if err != nil {
		return nil, err
	}
	var results []drilled
	for _, p := range all {
		fmt.Fprintf(os.Stderr, "== %s\n", p.Name)
		d := drilled{peer: p}
		d.Report, err = rehearse.Run(ctx, rehearse.Config{
			Upgrade: p.what, Suite: suite, URLs: []string{p.url}, Load: load, Nodrop: nodrop, Log: os.Stderr,
			Prepare: func(ctx context.Context, h *host.Host) error {
				if _, err := h.Run(ctx, "sh", "-euc", p.prepare); err != nil {
					return fmt.Errorf("preparing %s: %w", p.Name, err)
				}
				d.Version, err = h.Run(ctx, "sh", "-euc", p.version)
				return err
			},
		})
		if err != nil {
			return nil, fmt.Errorf("drilling %s: %w", p.Name, err)
		}
		if d.Report.Command.Error != "" {
			return nil, fmt.Errorf("drilling %s: the upgrade failed: %s", p.Name, d.Report.Command.Error)
		}
		d.Report.Timeline.Slots = nil
		fmt.Fprintf(os.Stderr, "== %s: %s\n", p.Name, d.Report.Verdict())
		results = append(results, d)
	}
	return results, nil
}
