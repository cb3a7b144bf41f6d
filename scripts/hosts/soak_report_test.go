package hosts

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/drill"
)

var columnNames = [columns]string{
	"time of the upgrade, ms", "memory of the main process, KiB", "descriptors of the main process", "memory of PID 1, KiB", "descriptors of PID 1",
	"units that systemd knows", "units that failed", "files in /run", "files elsewhere", "lines in the journal",
	"warnings in the journal",
}

// soakReport is docs/soak.md.
func soakReport(m machine, r *drill.Report, samples []sample) []byte {
	m.t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, `# %d upgrades in a row

Written by `+"`make soak`"+`, which fails when anything was lost or has grown: do not edit. apt took myapp back and forth between two
versions while %d clients, none of which retries, kept on asking, on a host with %s, Linux %s and %d cores.

`, len(samples), r.Total.Clients, m.must("sh", "-c", "systemctl --version | sed -n '1s/ (.*//p'"), m.must("sh", "-c", "uname -r | sed 's/-.*//'"), runtime.NumCPU())
	fmt.Fprintln(&b, "| clients | | requests | failed | connections opened | asked to leave | closed | longest wait before | in the upgrades |\n|---|---|---|---|---|---|---|---|---|")
	for _, row := range append(r.Kinds, r.Total) {
		c := row.Connections
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %s | %s |\n",
			row.Kind, row.Clients, row.Requests, row.Failed, c.Opened, c.Announced, c.Closed, row.Before.Longest, row.During.Longest)
	}
	shown := []int{0, len(samples) / 4, len(samples) / 2, len(samples) * 3 / 4, len(samples) - 1}
	b.WriteString("\n| after upgrade |")
	for _, i := range shown {
		fmt.Fprintf(&b, " %d |", i+1)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(shown)))
	for column, name := range columnNames {
		fmt.Fprintf(&b, "\n| %s |", name)
		for _, i := range shown {
			fmt.Fprintf(&b, " %d |", samples[i][column])
		}
	}
	lines := linesEach(samples)
	fmt.Fprintf(&b, `

Each upgrade wrote %d to %d lines to the journal. Waits of slow, upload, download and events clients are long by their nature, and are not in
the total's. What can be carried was carried: of those connections none was closed or asked to leave. Logs and apt's caches are not
counted among the files.
`, slices.Min(lines), slices.Max(lines))
	return b.Bytes()
}
