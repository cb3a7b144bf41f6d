package hosts

import (
	"regexp"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/docs"
	"github.com/nodrop/nodrop/scripts/lab"
)

// After an upgrade, the process that serves tells of both drains that came before
// it, though their processes are gone: as metrics and in the log, which the commands
// of docs/metrics.md show. Nothing was cut.
func TestMetricsOfAnUpgrade(t *testing.T) {
	m := installed(t)
	m.publish(lab.Release{Version: "1.1.0"})
	m.unbroken(keepAlive, "1.1.0", "apt-get", "-y", "upgrade")
	blocks, err := docs.Read(built.lab.Checkout(), "docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, b := range blocks {
		if b.Language == "sh" {
			out.WriteString(m.must("sh", "-ec", b.Text) + "\n")
		}
	}
	for _, want := range []string{
		`nodrop_start_duration_seconds 0\.`,
		`nodrop_connections_adopted_total\{kind="http"\} [1-9]`,
		`nodrop_drain_connections\{kind="http",outcome="carried",unit="myapp\.service"\} [1-9]`,
		`nodrop_drain_connections\{kind="http",outcome="carried",unit="myapp-standby\.service"\} [1-9]`,
		`nodrop_drain_in_time\{unit="myapp\.service"\} 1`,
		`nodrop_drain_duration_seconds\{unit="myapp-standby\.service"\} [0-9.]+`,
		`"msg":"drained".*"carried":[1-9].*"cut":0`,
		`State: serving\n`,
		`"msg":"an earlier instance has drained","unit":"myapp\.service","adopted":[1-9]`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("nobody tells %s:\n%s", want, &out)
		}
	}
	if cut := regexp.MustCompile(`outcome="cut".* [1-9]`).FindString(out.String()); cut != "" {
		t.Error(cut)
	}
}
