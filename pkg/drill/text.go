package drill

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// How much the text lists.
const (
	shownErrors = 5
	shownLines  = 30 // of the timeline
)

// WriteText writes the report for people: a table, the waits, what happened when, the versions that answered, the first
// causes of loss, warnings, and the verdict as the last line; the verdict alone if no client was started.
func (r *Report) WriteText(w io.Writer) error {
	var b bytes.Buffer
	if r.Total.Clients > 0 {
		r.writeTable(&b)
		r.writeWaits(&b)
		r.writeTimeline(&b)
		r.writeNotes(&b)
	}
	for _, w := range r.Warnings {
		fmt.Fprintln(&b, "warning:", w)
	}
	fmt.Fprintln(&b, r.Verdict())
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (r *Report) writeTable(b *bytes.Buffer) {
	// "longest wait" has a line of its own, above its three columns, for a terminal of 80.
	var body bytes.Buffer
	table := tabwriter.NewWriter(&body, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "kind\tclients\trequests\tfailed\tclosed\tbefore\tduring\tafter\t")
	footnote := false
	for _, row := range r.Kinds {
		footnote = footnote || !row.Kind.quick()
		row.writeText(table)
	}
	r.Total.writeText(table)
	table.Flush()
	fmt.Fprintf(b, "%*s\n", bytes.IndexByte(body.Bytes(), '\n'), "--- longest wait ---")
	body.WriteTo(b)
	if footnote {
		b.WriteString("* long by its nature (events: the time between two); the total's waits leave it out\n")
	}
	b.WriteString("\n")
}

func (r *Report) writeWaits(b *bytes.Buffer) {
	if r.Total.longest() == 0 {
		return
	}
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "waits\tp50\tp99\tp99.9\tlongest\t")
	for _, s := range []struct {
		name string
		Span
	}{{"before", r.Total.Before}, {"during", r.Total.During}, {"after", r.Total.After}} {
		if s.Longest > 0 {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t\n", s.name, s.P50, s.P99, s.P999, s.Longest)
		}
	}
	table.Flush()
	b.WriteString("\n")
}

// writeTimeline writes what happened beside the load, and when requests were lost.
func (r *Report) writeTimeline(b *bytes.Buffer) {
	type line struct {
		at   Millis
		text string
	}
	var lines []line
	for _, e := range r.Timeline.Events {
		lines = append(lines, line{e.At, strings.TrimSpace(e.Unit + " " + e.What)})
	}
	for _, w := range r.Timeline.Downtime {
		lines = append(lines, line{w.From, fmt.Sprintf("%s: %s failed within %s", w.Kind, grouped(w.Failed), w.To-w.From)})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	for i, l := range lines {
		if i == shownLines {
			fmt.Fprintf(b, "  and %s\n", counted(uint64(len(lines)-i), "more line"))
			break
		}
		fmt.Fprintf(b, "%9s  %s\n", fmt.Sprintf("%.3f s", time.Duration(l.at).Seconds()), l.text)
	}
	b.WriteString("\n")
}

func (r *Report) writeNotes(b *bytes.Buffer) {
	if r.Command.Duration > 0 {
		fmt.Fprintf(b, "the command took %s\n", r.Command.Duration)
	}
	if v := r.Versions; len(v.Before)+len(v.During)+len(v.After) > 0 {
		fmt.Fprintf(b, "versions that answered: before %s; during %s; after %s\n", list(v.Before), list(v.During), list(v.After))
	}
	for i, e := range r.Errors {
		if i == shownErrors {
			fmt.Fprintf(b, "  and %s\n", counted(uint64(len(r.Errors)-i), "more cause"))
			break
		}
		fmt.Fprintf(b, "  %s\n", e)
	}
}

// Verdict is one line: PASS, with what was lost within the limits; FAIL, with what was too much; or NONE if the drill
// did not run to its end.
func (r *Report) Verdict() string {
	var wrong []string
	if r.lostTooMuch() {
		wrong = append(wrong, r.losses())
	}
	if s := r.overdue(); s != "" {
		wrong = append(wrong, s)
	}
	if r.Command.Error != "" {
		wrong = append(wrong, fmt.Sprintf("the command failed (%s)", r.Command.Error))
		if !r.Lost() {
			wrong = append(wrong, "no request was lost")
		}
	}
	switch {
	case r.Error != "":
		return "NONE " + r.Error
	case len(wrong) > 0:
		return "FAIL " + strings.Join(wrong, "; ")
	case r.Lost():
		return fmt.Sprintf("PASS %s; up to %s of each are allowed", r.losses(), grouped(r.Limits.MaxFailed))
	}
	return "PASS nothing was lost"
}

// overdue says that a request waited too long; empty if none did.
func (r *Report) overdue() string {
	if !r.waitedTooLong() {
		return ""
	}
	return fmt.Sprintf("a request waited %s, longer than %s", r.Total.longest(), r.Limits.MaxWait)
}

// losses says what was lost; empty if nothing was.
func (r *Report) losses() string { return r.Total.losses() }

func (row *Row) losses() string {
	var parts []string
	if n := row.Failed; n > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s requests failed", grouped(n), grouped(row.Requests)))
	}
	if n := row.Connections.Closed; n > 0 {
		parts = append(parts, counted(n, "connection")+" closed")
	}
	return strings.Join(parts, ", ")
}

func (row Row) writeText(w io.Writer) {
	name := string(row.Kind)
	if !row.Kind.quick() {
		name += "*"
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, grouped(uint64(row.Clients)), grouped(row.Requests),
		grouped(row.Failed), grouped(row.Connections.Closed), row.Before.wait(), row.During.wait(), row.After.wait())
}

// wait is the longest wait, or a dash if no request was answered.
func (s Span) wait() string {
	if s.Longest == 0 {
		return "-"
	}
	return s.Longest.String()
}

// String is the duration in ms with a decimal below 10 ms, in s above a second, in whole ones above a hundred.
func (m Millis) String() string {
	d := time.Duration(m)
	switch {
	case d >= 100*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	}
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func list(versions []string) string {
	if len(versions) == 0 {
		return "-"
	}
	return strings.Join(versions, ", ")
}

// grouped writes n with commas between groups of three digits.
func grouped(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted is a number and its noun.
func counted(n uint64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return grouped(n) + " " + noun
}
