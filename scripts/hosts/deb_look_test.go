package hosts

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// seen is a row of a table in docs/states.md: text by column.
type seen map[string]string

func (s seen) row(name string) string {
	cells := []string{"", name}
	for _, column := range []string{"exit", "dpkg", "sockets", "service", "standby", "rollout", "handover", "links", "ports", "answers", "left"} {
		cells = append(cells, s[column])
	}
	return strings.TrimSpace(strings.Join(cells, " | ")) + " |\nsaid: | " + name + " | " + s["terminal"] + " |"
}

// shell runs commands and returns what they wrote, and the status of the last.
func (m machine) shell(commands string) (output, exit string) {
	m.t.Helper()
	output, err := m.Run(m.t.Context(), "sh", "-c", commands)
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		m.t.Fatal(err)
	}
	if status != nil {
		return output, strconv.Itoa(status.ExitCode())
	}
	return output, "0"
}

// lookScript prints "column: value", and what systemd has of the units before it.
const lookScript = `
systemctl show -p Id,LoadState,ActiveState --value myapp.socket myapp-https.socket myapp-metrics.socket \
	myapp.service myapp-standby.service myapp-rollout.service myapp-handover.socket
echo "dpkg: $(dpkg-query -Wf '${db:Status-Abbrev}${Version}' myapp 2>/dev/null)"
echo "links:" $(find /etc/systemd/system -path '*.wants/*' -name 'myapp*' -printf '%f\n' | sort)
echo "ports:" $(ss -Hltn | awk '{ sub(/.*:/, "", $4); print $4 }' | sort -n)
answers=
if systemctl --quiet is-active myapp.service || systemctl --quiet is-active myapp-standby.service; then
	for port in 8080 8081; do
		answers="$answers $(curl -s -m 30 -o /dev/null -D - http://127.0.0.1:$port/ | tr -d '\r' | sed -n 's/^X-Version: //p')"
	done
fi
echo "answers:" $answers
`

// look tells how the host is now. files are those before the case.
func (m machine) look(files []string) seen {
	m.t.Helper()
	got, words := seen{}, []string{}
	for line := range strings.Lines(m.must("sh", "-c", lookScript)) {
		if column, value, found := strings.Cut(line, ":"); found {
			got[column] = orDash(strings.TrimSpace(value))
		} else {
			words = append(words, strings.Fields(line)...)
		}
	}
	unit := map[string]string{}
	for properties := range slices.Chunk(words, 3) {
		unit[properties[0]] = unitState(properties[1], properties[2])
	}
	got["sockets"] = socketStates(unit["myapp.socket"], unit["myapp-https.socket"], unit["myapp-metrics.socket"])
	got["service"], got["standby"] = unit["myapp.service"], unit["myapp-standby.service"]
	got["rollout"], got["handover"] = unit["myapp-rollout.service"], unit["myapp-handover.socket"]
	if names := strings.Fields(got["links"]); len(names) == 4 {
		got["links"] = "all"
	}
	got["links"] = strings.Join(strings.Fields(got["links"]), ", ")
	owned := strings.Fields(m.must("sh", "-c", "dpkg-query -L myapp 2>/dev/null | sed s,^/lib/,/usr/lib/, || true"))
	left := slices.DeleteFunc(added(files, m.paths()), func(path string) bool {
		return slices.Contains(owned, path) || strings.Contains(path, ".wants") ||
			strings.HasPrefix(path, "/var/lib/systemd/deb-systemd-helper-") // what it remembers of the links
	})
	got["left"] = orDash(strings.Join(topmost(left), ", "))
	return got
}

// unitState is "gone" when systemd knows nothing of a unit, "masked" when it is that and nothing else.
func unitState(load, active string) string {
	switch {
	case load == "loaded":
		return active
	case active != "inactive":
		return load + ", " + active
	case load == "not-found":
		return "gone"
	}
	return load
}

func socketStates(http, https, metrics string) string {
	if http == https && https == metrics {
		return http
	}
	return fmt.Sprintf("http %s, https %s, metrics %s", http, https, metrics)
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// paths are all files of the host but those that change by themselves or by any package.
func (m machine) paths() []string {
	m.t.Helper()
	const find = `find / /run -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /srv -o -path /run/systemd \
	-o -path /run/user -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache/apt -o -path /var/cache/debconf -o -path /var/log/apt \
	-o -path /var/log/journal -o -path /var/tmp -o -path /run/log \) -prune -o -print; find /run/systemd/system /run/systemd/transient`
	var all []string
	for path := range strings.Lines(m.must("sh", "-c", find+" 2>/dev/null || true")) {
		path = strings.TrimSpace(path)
		if !regexp.MustCompile(`^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|^/etc/\.pwd\.lock$|^/var/log/(dpkg\.log|alternatives\.log)$`).MatchString(path) {
			all = append(all, path)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func added(before, after []string) []string {
	return slices.DeleteFunc(slices.Clone(after), func(path string) bool {
		_, found := slices.BinarySearch(before, path)
		return found
	})
}

// topmost leaves out what lies in a directory that is there as well.
func topmost(paths []string) []string {
	var top []string
	for _, path := range paths {
		if len(top) == 0 || !strings.HasPrefix(path, top[len(top)-1]+"/") {
			top = append(top, path)
		}
	}
	return top
}

// said are the lines of myapp's own scripts, with "N s" for times.
func said(output string) string {
	lines := regexp.MustCompile(`(?m)^myapp: [^\r\n]*`).FindAllString(output, -1) // apt gives dpkg a terminal: "\r\n"
	text := strings.Join(lines, "<br>")
	return orDash(regexp.MustCompile(`\(\d+ s\)`).ReplaceAllString(text, "(N s)"))
}
