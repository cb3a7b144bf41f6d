package hosts

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/host"
)

// Every row of the tables in docs/states.md is what happens on a real host, and every case has its row.
func TestDebStates(t *testing.T) {
	t.Parallel()
	states, terminal := docTable(t, "docs/states.md", "exit"), docTable(t, "docs/states.md", "terminal")
	cases, debs := stateCases(), stateDebs(t)
	for name := range cases {
		if states[name] == nil {
			t.Errorf("docs/states.md has no row for %q", name)
		}
	}
	names := slices.Sorted(maps.Keys(states))
	for _, part := range [][]string{names[:len(names)/2], names[len(names)/2:]} {
		t.Run("host", func(t *testing.T) {
			t.Parallel()
			var h *host.Host // the cases share it, for as long as each leaves it as it was
			defer func() { closeHost(t, h) }()
			for _, name := range part {
				passed := t.Run(name, func(t *testing.T) {
					if h == nil {
						h = debHost(t, debs)
					}
					machine{h, t}.stateCase(cases, name, states[name], terminal[name])
				})
				if !passed {
					closeHost(t, h)
					h = nil
				}
			}
		})
	}
}

// stateCase does what belongs to a case, compares what it sees with its rows, and purges.
func (m machine) stateCase(cases map[string]stateCase, name string, state, terminal seen) {
	c, ok := cases[name]
	if !ok {
		m.t.Fatal("docs/states.md has a row for a case that is not tested")
	}
	before := m.paths()
	output, exit := m.shell(c.do)
	got := m.look(before)
	got["exit"], got["terminal"] = exit, said(output)
	want := maps.Clone(state)
	want["terminal"] = orDash(terminal["terminal"])
	for column := range want {
		if got[column] != want[column] {
			m.t.Errorf("%s: %s, but docs/states.md has %s", column, got[column], want[column])
		}
	}
	if c.gap > 0 {
		refused := regexp.MustCompile(`(?m)^gap: (\d+) ms`).FindStringSubmatch(output)
		if refused == nil {
			m.t.Fatalf("nobody measured for how long connections were refused:\n%s", output)
		}
		if ms, _ := strconv.Atoi(refused[1]); ms > c.gap {
			m.t.Errorf("connections were refused for %d ms, want at most %d ms", ms, c.gap)
		}
		m.t.Log(refused[0])
	}
	if m.t.Failed() {
		m.t.Logf("seen: %s\n%s", got.row(name), output)
	}
	m.wantPurged(before, c.undo)
}

func debHost(t *testing.T, debs []string) *host.Host {
	t.Helper()
	h, err := host.Boot(t.Context(), host.Options{Suite: "bookworm", Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Publish(t.Context(), debs...); err != nil {
		closeHost(t, h)
		t.Fatal(err)
	}
	return h
}

func closeHost(t *testing.T, h *host.Host) {
	t.Helper()
	if h == nil {
		return
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// wantPurged undoes what an admin did, purges the package, and checks that nothing is left of it: no file, no unit, no mark.
func (m machine) wantPurged(before []string, undo string) {
	m.t.Helper()
	output, exit := m.shell(undo + "\nsystemctl daemon-reload; dpkg --purge myapp")
	got := m.look(before)
	want := seen{
		"dpkg": "–", "sockets": "gone", "service": "gone", "standby": "gone", "rollout": "gone", "handover": "gone",
		"links": "–", "ports": "–", "answers": "–", "left": "–",
	}
	if exit != "0" || !maps.Equal(got, want) {
		m.t.Errorf("purge: exit %s, and then %s\n%s", exit, got.row("purge"), output)
	}
	if left := added(before, m.paths()); len(left) > 0 {
		m.t.Errorf("the purge left %v", left)
	}
}

// docTable reads the tables of a document that have a column of this name: cells by the first one of their row, and by column.
func docTable(t *testing.T, document, column string) map[string]seen {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(built.lab.Checkout(), document))
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]seen{}
	var head []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "|") {
			head = nil
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case head == nil:
			head = cells
		case !slices.Contains(head, column) || strings.HasPrefix(cells[0], "-"):
		case table[cells[0]] != nil || len(cells) != len(head):
			t.Errorf("%s: %q has two rows, or not %d cells", document, cells[0], len(head))
		default:
			table[cells[0]] = seen{}
			for i, cell := range cells[1:] {
				table[cells[0]][head[i+1]] = cell
			}
		}
	}
	if len(table) == 0 {
		t.Fatalf("%s has no table with a column %q", document, column)
	}
	return table
}
