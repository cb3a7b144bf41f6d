package hosts

import (
	"bytes"
	_ "embed"
	"fmt"
	"runtime"
)

// loadText is what docs/load.md says before its figures.
//
//go:embed testdata/load.md
var loadText string

func loadReport(m machine, all []arrival) []byte {
	m.t.Helper()
	var b bytes.Buffer
	b.WriteString(loadText)
	fmt.Fprintf(&b, `
## Measured

Written by `+"`make load`"+`, clients and server together on %d cores with a load average of %s, Linux %s. Each client opens a connection for each request, and makes so many
requests a second if it can; four more keep requests of 3 s in flight, for which a drain waits. Waits are those while the command ran.

| clients | a second | Backlog= | during | which took | connections a second | lost | SYNs dropped | sent again | median wait | 99 %% | longest |
|---|---|---|---|---|---|---|---|---|---|---|---|
`, runtime.NumCPU(), m.must("cut", "-d ", "-f1", "/proc/loadavg"), m.must("sh", "-c", "uname -r | sed 's/-.*//'"))
	for _, a := range all {
		lost := fmt.Sprint(a.Failed)
		for kind, n := range a.Failures {
			lost += fmt.Sprintf(", %d %s", n, kind)
		}
		fmt.Fprintf(&b, "| %d | %d | %d | %s | %s | %.0f | %s | %d | %d | %s | %s | %s |\n", a.clients, a.rate, a.backlog, a.what, a.took, a.perSecond(),
			lost, a.dropped, a.retransmitted, a.During.P50, a.During.P99, a.During.Longest)
	}
	return b.Bytes()
}
