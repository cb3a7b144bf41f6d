package lint

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func results() []Result {
	s := debScript("postinst", "deb-systemd-invoke restart a.service || true").load("dir/p q.deb")
	return []Result{{s, Check(s, nil)}}
}

// The parts of SARIF 2.1.0 that its schema requires, and those that code hosts ask for.
func TestSARIF(t *testing.T) {
	var b bytes.Buffer
	if err := WriteSARIF(&b, results(), "1.2.3"); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name, Version, InformationURI string
					Rules                         []struct {
						ID, HelpURI                             string
						ShortDescription, FullDescription, Help struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex *int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || !strings.HasSuffix(log.Schema, "sarif-2.1.0.json") || len(log.Runs) != 1 {
		t.Fatalf("%+v", log)
	}
	run := log.Runs[0]
	if d := run.Tool.Driver; d.Name != "nodrop lint" || d.Version != "1.2.3" || d.InformationURI == "" || len(d.Rules) != len(Rules()) {
		t.Errorf("driver %s %s with %d rules", d.Name, d.Version, len(d.Rules))
	}
	for _, r := range run.Tool.Driver.Rules {
		if r.ShortDescription.Text == "" || r.FullDescription.Text == "" || r.Help.Text == "" || !strings.HasSuffix(r.HelpURI, "docs/lint.md#"+r.ID) {
			t.Errorf("rule %+v", r)
		}
	}
	if len(run.Results) != len(results()[0].Findings) {
		t.Errorf("%d results", len(run.Results))
	}
	for _, r := range run.Results {
		if !slices.Contains([]string{"error", "warning", "note"}, r.Level) || r.Message.Text == "" || r.RuleIndex == nil ||
			run.Tool.Driver.Rules[*r.RuleIndex].ID != r.RuleID || len(r.Locations) != 1 {
			t.Errorf("result %+v", r)
		}
		if at := r.Locations[0].PhysicalLocation; at.ArtifactLocation.URI != "dir/p%20q.deb:postinst" || at.Region.StartLine != 3 {
			t.Errorf("place %+v", at)
		}
	}
	for file, want := range map[string]string{"/a b": "file:///a%20b", "p.deb:postinst": "./p.deb:postinst", "a.service": "a.service"} {
		if got := uri(file); got != want {
			t.Errorf("%s is %s, want %s", file, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, results()); err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	if err := json.Unmarshal(b.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(o map[string]any) bool { return o["rule"] == "restart-on-upgrade" })
	if i < 0 || all[i]["line"] != 3.0 || all[i]["drops"] != true || all[i]["category"] != "connections" || all[i]["severity"] != "warning" {
		t.Errorf("%v", all)
	}
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	if err := WriteText(&b, results()); err != nil {
		t.Fatal(err)
	}
	if want := "dir/p q.deb: an upgrade LOSES CONNECTIONS: restart-on-upgrade at postinst:3\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("text\n%swant\n%s", &b, want)
	}
}

func TestVerdict(t *testing.T) {
	for want, p := range map[string]pkg{
		"p: an upgrade loses no connections, as far as can be seen":        {scripts: stops},
		"p: no service of its own, nothing to say about an upgrade":        {files: files{"a.service": "", "a.socket": ""}},
		"p: an upgrade LOSES CONNECTIONS: killed-on-upgrade at postinst:3": debScript("postinst", "pkill a"),
	} {
		s := p.load("p")
		if got := (Result{s, Check(s, nil)}).Verdict(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Notes alone are nothing bad.
func TestBad(t *testing.T) {
	for severity, want := range map[Severity]bool{Note: false, Warning: true, Error: true} {
		if got := Bad([]Result{{}, {Findings: []Finding{{Severity: severity}}}}); got != want {
			t.Errorf("%s: %v", severity, got)
		}
	}
}
