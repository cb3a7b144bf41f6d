package main

// server is a package of Debian that serves HTTP.
type server struct {
	name    string
	url     string // to load; "": found by nodrop
	prepare string // a shell script that has it serve, where it does not do so once it is installed
}

// servers are what is drilled: those of bookworm's servers that answer a GET with success
// on a host without network, with as little configuration as can be.
var servers = []server{
	{name: "apache2"},
	{name: "apt-cacher-ng", url: "http://127.0.0.1:3142/acng-report.html"},
	{name: "caddy"},
	{name: "cockpit-ws"},
	{name: "docker-registry"},
	{name: "etcd-server", url: "http://127.0.0.1:2379/health"},
	{name: "haproxy", url: "http://127.0.0.1:8080/", prepare: `
cat >>/etc/haproxy/haproxy.cfg <<.
frontend hello
	bind 127.0.0.1:8080
	http-request return status 200 content-type text/plain string hello
.
systemctl restart haproxy`},
	{name: "influxdb", url: "http://127.0.0.1:8086/ping"},
	{name: "lighttpd"},
	{name: "minidlna"},
	{name: "monit", url: "http://127.0.0.1:2812/", prepare: `
printf 'set httpd port 2812\n\tallow localhost\n' >/etc/monit/conf.d/http
systemctl restart monit`},
	{name: "nats-server", url: "http://127.0.0.1:8222/", prepare: `
echo 'http: "127.0.0.1:8222"' >>/etc/nats-server.conf
systemctl restart nats-server`},
	{name: "netdata-core", url: "http://127.0.0.1:19999/api/v1/info"},
	{name: "nginx"},
	{name: "prometheus"},
	{name: "prometheus-alertmanager", url: "http://127.0.0.1:9093/", prepare: `
echo 'ARGS="--cluster.listen-address="' >/etc/default/prometheus-alertmanager
systemctl restart prometheus-alertmanager`},
	{name: "prometheus-apache-exporter"},
	{name: "prometheus-blackbox-exporter"},
	{name: "prometheus-node-exporter"},
	{name: "prometheus-pushgateway"},
	{name: "prometheus-snmp-exporter"},
	{name: "squid", url: "http://127.0.0.1:3128/squid-internal-static/icons/SN.png"},
	{name: "tomcat10"},
	{name: "varnish", url: "http://127.0.0.1:6081/", prepare: `
cat >/etc/varnish/default.vcl <<.
vcl 4.1;
backend default none;
sub vcl_recv { return (synth(200)); }
.
systemctl restart varnish`},
	{name: "victoria-metrics"},
	{name: "yaws"},
}
