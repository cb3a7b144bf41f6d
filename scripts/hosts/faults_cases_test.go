package hosts

import (
	"context"
	"strconv"
	"strings"
)

// A deed returns how many connections of the load those processes held that it ended, by "main" and "standby"; and what is to be
// done when the next phase is reached, or the upgrade is over. Both may be nil.
type deed func(r *rollout) (ended map[string]int, undo func())

// A fault is done to a host in the middle of a rollout.
type fault struct {
	name     string
	do       deed
	harmless bool          // it can be done in one phase after the other of one upgrade
	load     []string      // nil: faultLoad
	prepare  func(machine) // before the load begins; may be nil
}

// faults are those of each of the hosts that share the work. A crash forgets the disks that were made for others.
func faults() [2][]fault {
	return [2][]fault{{
		{name: "`kill -9` of main", do: kill("main")},
		{name: "`kill -9` of the standby", do: kill("standby")},
		{name: "`kill -9` of both", do: kill("main", "standby")},
		{name: "main runs out of memory", do: outOfMemory("main")},
		{name: "the standby runs out of memory", do: outOfMemory("standby")},
		{name: "SIGSTOP of main", do: stopped("main"), load: faultLoadBusy, prepare: impatient},
		{name: "SIGSTOP of the standby", do: stopped("standby"), load: faultLoadBusy, prepare: impatient},

		{name: "/run is full", do: full("/run"), harmless: true},
		{name: "/var is full", do: full("/var"), harmless: true, prepare: smallDisks},
		{name: "the journal's disk is full", do: full("/var/log/journal"), harmless: true, prepare: smallDisks},
	}, {
		{name: "main has no descriptors left", do: noDescriptors("main"), load: faultLoadBusy},
		{name: "the standby has no descriptors left", do: noDescriptors("standby"), load: faultLoadBusy},

		{name: "`systemctl daemon-reload`", do: command("systemctl daemon-reload", 0, ""), harmless: true},
		{name: "`systemctl daemon-reexec`", do: command("systemctl daemon-reexec", 0, "")},
		{name: "`systemctl edit` of the service", do: edit, harmless: true, prepare: edited},
		{name: "a second upgrade", do: command("dpkg -i "+published("1.0.0"), 2, "lock"), harmless: true},
		{name: "a second rollout", do: ask("start", "myapp-rollout.service"), harmless: true},
		{name: "a second rollout, and `kill -9` of the standby", do: both(ask("start", "myapp-rollout.service"), kill("standby"))},
		{name: "`systemctl restart` of main", do: ask("restart", "myapp.service")},
		{name: "the host crashes and boots, then `dpkg --configure -a`"}, // see crash
		{name: "dpkg is killed, then `dpkg --configure -a`", do: killDpkg},
	}}
}

// kill kills processes at once.
func kill(who ...string) deed {
	return func(r *rollout) (map[string]int, func()) {
		ended := r.freeze(who...)
		for _, w := range who {
			r.must("kill", "-KILL", r.pid(w))
		}
		return ended, nil
	}
}

// freeze stops processes, and counts what they hold, which does not change any more.
func (r *rollout) freeze(who ...string) map[string]int {
	r.t.Helper()
	held := map[string]int{}
	for _, w := range who {
		r.must("sh", "-c", `kill -STOP "$1"; until grep -q '^State:.T' "/proc/$1/status"; do :; done`, "sh", r.pid(w))
	}
	for _, w := range who {
		held[w] = r.held(r.pid(w))
	}
	return held
}

func (r *rollout) pid(who string) string {
	r.t.Helper()
	pid := map[string]string{"main": r.main, "standby": r.standby}[who]
	if n, err := strconv.Atoi(pid); err != nil || n == 0 {
		r.t.Fatalf("%s has no process", who)
	}
	return pid
}

// outOfMemory has the kernel kill a process for want of memory: in a memory control group that holds it and another process,
// which takes all there is and may not be killed. It is a group of version 1, which leaves the process in the one of its
// unit; systemd sees a process that was killed.
func outOfMemory(who string) deed {
	const script = `
[ -e /srv/memory ] || { mkdir /srv/memory; mount -t cgroup -o memory memory /srv/memory; }
group=/srv/memory/victim-$1
mkdir "$group"
echo 2M >"$group/memory.limit_in_bytes"
echo "$1" >"$group/cgroup.procs"
sh -c 'echo $$ >"$1/cgroup.procs"; echo -1000 >/proc/self/oom_score_adj; exec head -c 64M /dev/zero >/dev/shm/eaten' sh "$group" 2>/dev/null || :
rm -f /dev/shm/eaten
grep -x 'oom_kill [1-9].*' "$group/memory.oom_control"
for try in $(seq 100); do # until they are gone
	rmdir "$group" 2>/dev/null && exit
	sleep 0.1
done
rmdir "$group"`
	return func(r *rollout) (map[string]int, func()) {
		ended := r.freeze(who)
		r.must("sh", "-euc", script, "sh", r.pid(who))
		return ended, nil
	}
}

const dropins = "/etc/systemd/system/myapp.service.d"

// impatient shortens the times after which systemd takes a process for hung.
func impatient(m machine) {
	m.afterwards("rm -r " + dropins + "; systemctl daemon-reload; systemctl restart myapp.service")
	m.must("sh", "-euc", "mkdir -p "+dropins+`; printf '[Service]\nTimeoutStartSec=10s\nTimeoutStopSec=10s\nWatchdogSec=12s\n' >`+dropins+`/impatient.conf
systemctl daemon-reload; systemctl restart myapp.service`)
}

// afterwards runs commands when the test is over.
func (m machine) afterwards(commands string) {
	m.t.Cleanup(func() {
		if out, err := m.Run(context.Background(), "sh", "-euc", commands); err != nil {
			m.t.Errorf("cleaning up: %v\n%s", err, out)
		}
	})
}

// stopped stops a process for good. systemd may wake it up: it sends SIGCONT along with SIGTERM (systemd.kill(5)).
func stopped(who string) deed {
	return func(r *rollout) (map[string]int, func()) {
		held := r.freeze(who)
		pid, unit := r.pid(who), map[string]string{"main": "myapp.service", "standby": "myapp-standby.service"}[who]
		return held, func() {
			r.await(who+" is gone, or awake", func() bool {
				return r.must("sh", "-c", `grep -sc '^State:.T' "/proc/$1/status" || :`, "sh", pid) != "1"
			})
			r.await(unit+" is settled", func() bool { return !strings.HasSuffix(r.state(unit), "ing") })
		}
	}
}

// smallDisks gives the host a /var, and in it a place for the journal, that can be filled.
func smallDisks(m machine) {
	m.must("sh", "-euc", `
if ! mountpoint -q /var/log/journal; then
	mkdir /srv/var
	mount -t tmpfs -o size=200M tmpfs /srv/var
	cp -a /var/. /srv/var
	mount --bind /srv/var /var
	mkdir -p /var/log/journal
	mount -t tmpfs -o size=24M tmpfs /var/log/journal
	systemctl restart systemd-journald
	journalctl --flush
	systemctl restart myapp.service
fi`)
}

// full leaves no room in a tmpfs.
func full(dir string) deed {
	return func(r *rollout) (map[string]int, func()) {
		r.fill(dir, 0)
		return nil, func() { r.empty(dir) }
	}
}

// fill fills a tmpfs, but for some MiB.
func (m machine) fill(dir string, spare int) {
	m.t.Helper()
	m.must("sh", "-euc", `mount -o "remount,size=$(($(df --output=used -k "$1" | tail -1) + 1024))k" "$1"
! cat /dev/zero >"$1/filler" 2>/dev/null
[ "$2" = 0 ] || mount -o "remount,size=$(($(df --output=used -k "$1" | tail -1) + 1024 * $2))k" "$1"`, "sh", dir, strconv.Itoa(spare))
}

func (m machine) empty(dir string) {
	m.t.Helper()
	m.must("sh", "-euc", `rm "$1/filler"; mount -o remount,size=200M "$1"`, "sh", dir)
}

// noDescriptors leaves a process none but those that it has.
func noDescriptors(who string) deed {
	const asMyapp = "setpriv --reuid=myapp --regid=myapp --clear-groups " // prlimit(2) is for processes of one's own
	return func(r *rollout) (map[string]int, func()) {
		pid := r.pid(who)
		r.must("sh", "-euc", asMyapp+`prlimit --pid "$1" --nofile="$(ls "/proc/$1/fd" | wc -l):"`, "sh", pid)
		return nil, func() { r.shell(asMyapp + "prlimit --pid " + pid + " --nofile=1024:") } // it may be gone
	}
}

// command runs a command that has to end with a status and say something.
func command(line string, status int, says string) deed {
	return func(r *rollout) (map[string]int, func()) {
		out, exit := r.shell(line)
		if exit != strconv.Itoa(status) || !strings.Contains(out, says) {
			r.t.Errorf("%s: exit status %s\n%s", line, exit, out)
		}
		return nil, nil
	}
}

// ask asks systemd for something that takes until the rollout is over, and wants that to have the same result as the upgrade.
func ask(verb, unit string) deed {
	return func(r *rollout) (map[string]int, func()) {
		r.must("rm", "-f", "/srv/asked")
		done := make(chan error, 1)
		go func() {
			_, err := r.Run(r.t.Context(), "sh", "-c", "exec systemctl --show-transaction "+verb+" "+unit+" >/srv/asked 2>&1")
			done <- err
		}()
		r.await("systemd has heard it", func() bool { return r.must("sh", "-c", "grep -c Enqueued /srv/asked || :") == "1" })
		r.after = append(r.after, func(failed bool) {
			if err := <-done; (err != nil) != failed {
				r.t.Errorf("the upgrade failed: %v; systemctl %s %s: %v", failed, verb, unit, err)
			}
		})
		return nil, nil
	}
}

// both does one thing, which ends nothing, and then another.
func both(first, second deed) deed {
	return func(r *rollout) (map[string]int, func()) {
		first(r)
		return second(r)
	}
}

// edited has the service edited.
func edited(m machine) { m.afterwards("rm -r " + dropins + "; systemctl daemon-reload") }

// edit changes the service as an admin does, and looks whether that is so from the next start on.
func edit(r *rollout) (map[string]int, func()) {
	r.must("sh", "-euc", "mkdir -p "+dropins+`; printf '[Service]\nEnvironment=EDITED=%s\n' "$1" >`+dropins+`/edited.conf; systemctl daemon-reload`, "sh", r.standby)
	if len(r.after) == 0 {
		r.after = append(r.after, func(bool) {
			r.must("grep", "-qz", "^EDITED=", "/proc/"+r.process("myapp.service")+"/environ")
		})
	}
	return nil, nil
}

// killDpkg kills dpkg with all that it runs, and goes on as the admin would.
func killDpkg(r *rollout) (map[string]int, func()) {
	dpkg := r.dpkg
	r.killDpkg()
	<-dpkg
	r.run("dpkg", "--configure", "-a")
	return nil, nil
}
