package metrics

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

const dashboard = "../../packaging/grafana/nodrop.json"

// exported are the names of all metrics, each with its labels.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(afterRollout())
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, f := range families {
		all[f.GetName()] = []string{"instance", "job"} // Prometheus adds these
		for _, label := range f.GetMetric()[0].GetLabel() {
			all[f.GetName()] = append(all[f.GetName()], label.GetName())
		}
	}
	return all
}

// queries are the expressions anywhere in a JSON value, of panels and annotations.
func queries(value any) []string {
	var all []string
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if text, ok := inner.(string); ok && (key == "expr" || key == "query") {
				all = append(all, text)
			}
			all = append(all, queries(inner)...)
		}
	case []any:
		for _, inner := range value {
			all = append(all, queries(inner)...)
		}
	}
	return all
}

// The dashboard, and the document, ask for metrics and labels that there are. The
// dashboard shows all of them, and the document explains each.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	var board map[string]any
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	metrics := exported(t)
	all := queries(board)
	if len(all) < len(metrics) {
		t.Fatalf("found only %d queries", len(all))
	}
	for _, block := range regexp.MustCompile("(?s)```promql\n(.*?)```").FindAllStringSubmatch(string(doc), -1) {
		all = append(all, block[1])
	}
	shown := map[string]bool{}
	for _, query := range all {
		for _, selector := range regexp.MustCompile(`(nodrop_[a-z_]*)(\{[^}]*\})?`).FindAllStringSubmatch(query, -1) {
			name := selector[1]
			labels, ok := metrics[name]
			if !ok {
				t.Errorf("%s: there is no metric %s", query, name)
			}
			shown[name] = true
			used := regexp.MustCompile(`([a-z_]+)\s*[=!]~?"`).FindAllStringSubmatch(selector[2], -1)
			used = append(used, groups(query)...)
			for _, label := range used {
				if !slices.Contains(labels, label[1]) {
					t.Errorf("%s: %s has no label %q, but %v", query, name, label[1], labels)
				}
			}
		}
	}
	for name := range metrics {
		if !shown[name] {
			t.Errorf("no panel shows %s", name)
		}
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/metrics.md does not explain %s", name)
		}
	}
	for _, m := range regexp.MustCompile("`(nodrop_[a-z_]*)`").FindAllStringSubmatch(string(doc), -1) {
		if metrics[m[1]] == nil {
			t.Errorf("docs/metrics.md explains %s, which there is not", m[1])
		}
	}
}

// groups are the labels that a query groups by.
func groups(query string) [][]string {
	var all [][]string
	for _, by := range regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`).FindAllStringSubmatch(query, -1) {
		all = append(all, regexp.MustCompile(`()([a-z_]+)`).FindAllStringSubmatch(by[1], -1)...)
	}
	for i := range all {
		all[i] = []string{all[i][0], all[i][2]}
	}
	return all
}
