package hosts

// A stateCase is a row of docs/states.md: what was done to a host, by shell commands as root. The exit status is that of the
// last command. What an admin has made is undone before the purge that ends each case.
type stateCase struct {
	do, undo string
	gap      int // how long connections may be refused, in milliseconds; 0 where do does not measure it
}

const (
	v0      = "dpkg -i /srv/apt/myapp_1.0.0_amd64.deb; "
	v1      = "apt-get -y install myapp=1.1.0"
	dropin  = "/etc/systemd/system/myapp.service.d"
	sockets = "myapp.socket myapp-https.socket myapp-metrics.socket"
	// gap connects to the port every millisecond, in the background, and prints how long it was refused at most.
	gap = `mkfifo /run/pause; bash -c 'exec 9<>/run/pause; max=0 down=
while [ -e /run/pause ]; do
	read -r -t 0.001 -u 9; now=${EPOCHREALTIME/./}
	if ! { : 3<>/dev/tcp/127.0.0.1/8080; } 2>/dev/null; then down=${down:-$now}
	elif [ "$down" ]; then [ $((now - down)) -le $max ] || max=$((now - down)); down=; fi
done; echo "gap: $((max / 1000)) ms"' & `
	gapEnd = `; status=$?; rm /run/pause; wait; (exit $status)`
)

func stateCases() map[string]stateCase {
	admin := func(choice, undo string) stateCase {
		return stateCase{do: v0 + choice + "; dpkg -i /srv/apt/myapp_1.1.0_amd64.deb", undo: undo}
	}
	return map[string]stateCase{
		"first install":                {do: "apt-get -y install myapp=1.0.0"},
		"upgrade":                      {do: v0 + v1},
		"reinstall":                    {do: v0 + "apt-get -y install --reinstall myapp=1.0.0"},
		"downgrade":                    {do: "apt-get -y install myapp=1.1.0; apt-get -y --allow-downgrades install myapp=1.0.0"},
		"remove":                       {do: v0 + "apt-get -y remove myapp"},
		"remove, then install":         {do: v0 + "apt-get -y remove myapp; " + v1},
		"purge":                        {do: v0 + "apt-get -y purge myapp"},
		"remove, then purge":           {do: v0 + "apt-get -y remove myapp; apt-get -y purge myapp"},
		"purge after a failed upgrade": {do: v0 + "apt-get -y install myapp=1.2.0; apt-get -y purge myapp"},

		"the new version does not unpack":              {do: v0 + "apt-get -y install myapp=1.1.0+unpack"},
		"the new version's preinst fails":              {do: v0 + "apt-get -y install myapp=1.1.0+preinst"},
		"the new version's postinst fails":             {do: v0 + "touch /run/broken; apt-get -y install myapp=1.1.0+postinst", undo: "rm -f /run/broken"},
		"the same, mended, then `dpkg --configure -a`": {do: v0 + "touch /run/broken; apt-get -y install myapp=1.1.0+postinst; rm /run/broken; dpkg --configure -a"},
		"the new version does not start":               {do: v0 + "apt-get -y install myapp=1.2.0"},
		"the same, then a package without scripts":     {do: v0 + "apt-get -y install myapp=1.2.0; apt-get -y --allow-downgrades install myapp=0.7.0", undo: "apt-get -y install myapp=1.0.0"}, // whose scripts purge
		"its units are broken":                         {do: v0 + "apt-get -y install myapp=1.1.0+units"},
		"the same, then the old one again":             {do: v0 + "apt-get -y install myapp=1.2.0; apt-get -y --allow-downgrades install myapp=1.0.0"},
		"deconfigured":                                 {do: v0 + "dpkg --auto-deconfigure -i /srv/apt/myapp_2.0.0_amd64.deb", undo: "dpkg --purge breaker"},
		"deconfigured, then configured":                {do: v0 + "dpkg --auto-deconfigure -i /srv/apt/myapp_2.0.0_amd64.deb; dpkg --purge breaker; dpkg --configure -a"},
		"a deconfiguration called off":                 {do: v0 + "dpkg --auto-deconfigure -i /srv/apt/myapp_2.0.1_amd64.deb", undo: "dpkg --purge breaker"},

		"from a package without units":                    {do: "apt-get -y install myapp=0.1.0; " + v1},
		"from one that bound its ports":                   {do: "apt-get -y install myapp=0.9.0; " + gap + v1 + gapEnd, gap: 1000},
		"from one that bound its ports, and stops for it": {do: "apt-get -y install myapp=0.8.0; " + gap + v1 + gapEnd, gap: 20000},
		"a socket unit with another port":                 {do: v0 + "apt-get -y install myapp=1.1.0+port"},

		"service disabled":                             admin("systemctl disable myapp.service", ""),
		"service stopped":                              admin("systemctl stop myapp.service", ""),
		"service disabled and stopped":                 admin("systemctl disable --now myapp.service", ""),
		"service masked":                               admin("systemctl mask myapp.service", "systemctl unmask myapp.service"),
		"service masked and stopped":                   admin("systemctl mask --now myapp.service", "systemctl unmask myapp.service"),
		"all stopped":                                  admin("systemctl stop "+sockets+" myapp.service", ""),
		"all disabled and stopped":                     admin("systemctl disable --now "+sockets+" myapp.service", ""),
		"a socket disabled":                            admin("systemctl disable myapp-metrics.socket", ""),
		"a socket stopped":                             admin("systemctl stop myapp-metrics.socket", ""),
		"a socket disabled and stopped":                admin("systemctl disable --now myapp-metrics.socket", ""),
		"a socket masked and stopped":                  admin("systemctl mask --now myapp-metrics.socket", "systemctl unmask myapp-metrics.socket"),
		"the socket that it needs, masked and stopped": admin("systemctl mask --now myapp.socket", "systemctl unmask myapp.socket"),
		"a drop-in for the service": {
			do: v0 + "mkdir " + dropin + "; printf '[Service]\\nTimeoutStartSec=17s\\n' >" + dropin + "/a.conf; systemctl daemon-reload; " +
				v1 + "; systemctl show -P TimeoutStartUSec myapp.service myapp-standby.service | grep -cx 17s | grep -x 2",
			undo: "rm -r " + dropin,
		},
		"another port by a drop-in":                 admin("mkdir /etc/systemd/system/myapp.socket.d; printf '[Socket]\\nListenStream=\\nListenStream=8081\\n' >/etc/systemd/system/myapp.socket.d/a.conf; systemctl daemon-reload; systemctl stop "+sockets+" myapp.service; systemctl start myapp.service", "rm -r /etc/systemd/system/myapp.socket.d"),
		"another port by a drop-in, not yet in use": admin("mkdir /etc/systemd/system/myapp.socket.d; printf '[Socket]\\nListenStream=\\nListenStream=8081\\n' >/etc/systemd/system/myapp.socket.d/a.conf", "rm -r /etc/systemd/system/myapp.socket.d"),

		"install, policy-rc.d says 101":  {do: policy + "apt-get -y install myapp=1.0.0", undo: noPolicy},
		"upgrade, policy-rc.d says 101":  {do: v0 + policy + v1, undo: noPolicy},
		"remove, policy-rc.d says 101":   {do: v0 + policy + "apt-get -y remove myapp", undo: noPolicy + "; systemctl stop myapp-handover.socket " + sockets + " myapp.service; rm -f /run/myapp-handover.sock"},
		"install in a chroot":            {do: chroot("apt-get -y install myapp=1.0.0")},
		"upgrade in a chroot":            {do: chroot("apt-get -y install myapp=1.0.0; apt-get -y install myapp=1.1.0")},
		"install in a chroot, then boot": {do: chroot("apt-get -y install myapp=1.0.0") + "; systemctl daemon-reload; systemctl start sockets.target multi-user.target; systemctl isolate default.target"},
	}
}

const (
	policy   = `printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; `
	noPolicy = "rm /usr/sbin/policy-rc.d"
)

// chroot runs a command where the host's files are, but not its systemd.
func chroot(command string) string {
	return `unshare -m sh -c 'mount --bind / /mnt && mount --rbind /dev /mnt/dev && chroot /mnt sh -c "` + command + `"'`
}
