package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
)

const intro = `# Benchmarks of upgrades

` + "`make bench-peers`" + ` writes this file, from drills on throw-away hosts of Debian %s with their real packages and a real systemd;
the raw figures are in [benchmarks/peers.json](benchmarks/peers.json) and [benchmarks/ours.json](benchmarks/ours.json). It takes root and
about ten minutes. What the library costs in quiet running is another question, which ` + "`make bench`" + ` answers.

No client ever retries. A request is lost if it does not get a whole reply, and a connection is closed if the server ends it without
having said so: by ` + "`Connection: close`" + ` (announced), say. The counts do not depend much on the machine; the times do, and on what else it
does: compare them with those before the upgrade.
`

const peersIntro = `
## Upgrades of servers

Each peer serves one small page, with the least configuration that lets it do so for GET and POST and keep idle connections for a
minute. It is loaded by the same %d clients, one peer after the other: 16 of new connections, 16 keep-alive GETs, 16 keep-alive POSTs, at
50 requests a second each, and 16 connections that are idle until the upgrade is over.

| server | version | upgrade | requests | failed | closed | announced | longest wait before | and during | the upgrade took |
|---|---|---|---:|---:|---:|---:|---:|---:|---:|
`

const oursIntro = `
## The same upgrade again and again

myapp of this repository, upgraded and downgraded by apt in turn, %d times on one host, under clients of all kinds that can be carried
(fresh, keep-alive, POST, idle, WebSocket, event stream), and of those that are told to reconnect (TLS, HTTP/2). **%d of %d runs lost a request
or a connection.**

| clients | requests | failed | connections opened | closed | announced | longest wait in an upgrade |
|---|---:|---:|---:|---:|---:|---:|
`

// document writes BENCHMARKS.md.
func document(w io.Writer, peers []drilled, ours *repeated) error {
	var b strings.Builder
	fmt.Fprintf(&b, intro, suite)
	if len(peers) > 0 {
		fmt.Fprintf(&b, peersIntro, peers[0].Report.Total.Clients)
	}
	for _, p := range peers {
		t := p.Report.Total
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %d | %d | %s | %s | %s |\n", p.Name, p.Version, p.Upgrade, t.Requests, t.Failed,
			t.Connections.Closed, t.Connections.Announced, millis(t.Before.Longest), millis(t.During.Longest), seconds(p.Report.Command.Duration))
	}
	fmt.Fprintf(&b, oursIntro, ours.Runs, ours.Lost, ours.Runs)
	for _, r := range ours.Rows {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %s |\n", r.Kind, r.Requests, r.Failed,
			r.Connections.Opened, r.Connections.Closed, r.Connections.Announced, millis(r.LongestWait))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func millis(m drill.Millis) string {
	if m == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f ms", float64(m)/float64(time.Millisecond))
}

func seconds(m drill.Millis) string { return fmt.Sprintf("%.1f s", time.Duration(m).Seconds()) }
