package hosts

import (
	"fmt"
	"slices"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

const nginxConf = `server {
  listen 127.0.0.1:8081;
  location / {
    proxy_pass http://backend;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_next_upstream off;
  }
}
upstream backend {
  server 127.0.0.1:8080 max_fails=0;
  keepalive 32;
}
`

const haproxyConf = `defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  retries 0
  option http-keep-alive
  http-reuse always
frontend in
  bind 127.0.0.1:8082
  default_backend myapp
backend myapp
  server myapp 127.0.0.1:8080
`

// Behind nginx and HAProxy, which keep connections to myapp open and may not
// try again, ten upgrades lose no request: no 502, 503 or 504.
func TestBehindProxies(t *testing.T) {
	m := boot(t, "bookworm", "nginx-light", "haproxy")
	for path, text := range map[string]string{"/etc/nginx/sites-enabled/default": nginxConf, "/etc/haproxy/haproxy.cfg": haproxyConf} {
		if err := m.WriteFile(t.Context(), path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m.install()
	m.must("systemctl", "restart", "nginx.service", "haproxy.service")
	for n := 1; n <= 10; n++ {
		m.publish(lab.Release{Version: fmt.Sprintf("1.0.%d", n)})
	}
	var load []string
	for _, port := range []string{"8081", "8082"} {
		for _, kind := range []string{"post=12", "fresh=4"} {
			load = append(load, "--client", kind+"@http://127.0.0.1:"+port+"/")
		}
	}
	r := m.cleanDrill(append(load, "--rate", "5"), "sh", "-c", tenUpgrades)
	if !slices.Equal(r.Versions.After, []string{"1.0.10"}) {
		t.Errorf("after the upgrades these versions answered: %v", r.Versions.After)
	}
	// The proxies did keep their connections: these went from one to the next.
	m.must("sh", "-c", `journalctl -o cat -u myapp.service -u myapp-standby.service | grep -q 'drained.*"carried":[1-9]'`)
}
