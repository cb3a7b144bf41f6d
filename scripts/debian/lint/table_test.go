package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/lint"
)

func recorded(t *testing.T) []row {
	t.Helper()
	data, err := os.ReadFile("../../../" + dataFile)
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// The table is what the data say; of twenty packages and more, and every difference is explained.
func TestTable(t *testing.T) {
	rows := recorded(t)
	have, err := os.ReadFile("../../../" + tableFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != table(rows) {
		t.Errorf("%s is not what %s says; make lint-debian writes it", tableFile, dataFile)
	}
	drilled, differ := 0, map[string]bool{}
	for _, r := range rows {
		if r.Error == "" {
			drilled++
			differ[r.Package] = !r.agrees()
		}
		for _, f := range r.Findings {
			if rule, ok := lint.RuleByID(f.Rule); !ok || !rule.Drops {
				t.Errorf("%s: there is no rule %s that means lost connections", r.Package, f.Rule)
			}
		}
	}
	if drilled < 20 {
		t.Errorf("%d packages were drilled", drilled)
	}
	for name, is := range differ {
		if is != (explanations[name] != "") {
			t.Errorf("%s differs: %v; it is explained: %v", name, is, !is)
		}
	}
}

func TestDifference(t *testing.T) {
	rows := []row{{Package: "a", Drops: true}, {Package: "b", Findings: []finding{{"restart-on-upgrade", "b:postinst:1"}}, Drops: true}, {Package: "c", Error: "it listens nowhere"}}
	text := table(rows)
	for _, want := range []string{
		"| a |  | no | 0 | 0 of 0 | 0 | 0 ms | no, see below |", "| b |  | [restart-on-upgrade](lint.md#restart-on-upgrade) at b:postinst:1 |",
		"Of 2 packages lint and drill say the same of 1. 0 of them lost nothing.", "## Where they differ\n\n- **a**: ", "Could not be drilled, because they serve no HTTP as they are installed, or not twice the same: c.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}
