package drill

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

// Millis is a duration that JSON has as a number of milliseconds.
type Millis time.Duration

// MarshalJSON writes milliseconds, to the microsecond.
func (m Millis) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Duration(m).Microseconds())/1000, 'f', -1, 64), nil
}

// UnmarshalJSON reads milliseconds.
func (m *Millis) UnmarshalJSON(b []byte) error {
	ms, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("reading milliseconds: %w", err)
	}
	*m = Millis(math.Round(ms*1000)) * Millis(time.Microsecond)
	return nil
}

// Report is what a drill saw.
type Report struct {
	Started  time.Time    `json:"started"` // when the load began, or the drill if it came to no load
	Load     string       `json:"load"`    // the Model: "closed" or "open"
	Setup    Setup        `json:"setup"`
	Command  Command      `json:"command"`
	Total    Row          `json:"total"` // its waits leave out slow, upload, download and events, which take long by their nature
	Kinds    []Row        `json:"kinds"`
	Versions Versions     `json:"versions"`
	Timeline Timeline     `json:"timeline"`
	Errors   []ErrorCount `json:"errors"`   // the first few distinct ones
	Warnings []string     `json:"warnings"` // why the figures may say more of the machine than of the server
	Limits   Limits       `json:"limits"`

	// Error says why the drill did not run to its end; empty if it did.
	Error string `json:"error,omitempty"`
}

// Limits say what still passes. The zero value: nothing may be lost, and a request may wait as long as it likes.
type Limits struct {
	MaxFailed uint64 `json:"max_failed"`  // so many requests may fail, and so many connections be closed without a word
	MaxWait   Millis `json:"max_wait_ms"` // no answered request may wait longer, of the kinds that Total's waits are of; 0: no limit
}

// Setup is how the drill was run, as Config says.
type Setup struct {
	Clients []Client `json:"clients"`
	Before  Millis   `json:"before_ms"`
	After   Millis   `json:"after_ms"`
	Timeout Millis   `json:"timeout_ms"`
	Rate    float64  `json:"rate"`
}

// Command is how the command went.
type Command struct {
	Args     []string `json:"args,omitempty"` // the command line, if whoever calls Run fills it in
	Duration Millis   `json:"duration_ms"`
	Error    string   `json:"error,omitempty"` // empty: it succeeded
}

// Row is what the clients of one kind saw, or all of them.
type Row struct {
	Kind        Kind               `json:"kind"` // "total" for all
	Clients     int                `json:"clients"`
	Requests    uint64             `json:"requests"`
	Failed      uint64             `json:"failed"`
	Failures    map[Failure]uint64 `json:"failures"` // only those that happened
	Connections Connections        `json:"connections"`
	Before      Span               `json:"before"`
	During      Span               `json:"during"`
	After       Span               `json:"after"`
}

// Connections counts connections; those that are in none of the ends were closed by the drill.
type Connections struct {
	Opened    uint64 `json:"opened"`    // TLS handshake included
	Announced uint64 `json:"announced"` // closed by the server after it had said so
	Closed    uint64 `json:"closed"`    // closed by the server without a word
}

// Span is one phase. The waits are those of answered requests, 0 if there was none; the quantiles are
// rounded up by less than 1.6 %.
type Span struct {
	Requests uint64 `json:"requests"`
	Failed   uint64 `json:"failed"`
	Longest  Millis `json:"longest_ms"`
	P50      Millis `json:"p50_ms"`
	P99      Millis `json:"p99_ms"`
	P999     Millis `json:"p999_ms"`
}

// Versions holds the distinct values of the response header X-Version, in the order in which they were first seen.
type Versions struct {
	Before []string `json:"before"`
	During []string `json:"during"`
	After  []string `json:"after"`
}

// ErrorCount is a cause of lost requests or connections, and how often it was seen.
type ErrorCount struct {
	Kind    Kind    `json:"kind"`
	Failure Failure `json:"failure"`
	Text    string  `json:"text"`
	Count   uint64  `json:"count"`
}

func (e ErrorCount) String() string {
	return fmt.Sprintf("%s × %s %s: %s", grouped(e.Count), e.Kind, e.Failure, e.Text)
}

// Lost reports whether a request failed or a connection was closed without a word.
func (r *Report) Lost() bool { return r.Total.lossy() }

func (row *Row) lossy() bool { return row.Failed > 0 || row.Connections.Closed > 0 }

// Passed reports whether the drill ran to its end, the command succeeded and all was within the Limits.
func (r *Report) Passed() bool {
	return r.Error == "" && r.Command.Error == "" && !r.lostTooMuch() && !r.waitedTooLong()
}

func (r *Report) lostTooMuch() bool {
	return r.Total.Failed > r.Limits.MaxFailed || r.Total.Connections.Closed > r.Limits.MaxFailed
}

func (r *Report) waitedTooLong() bool {
	return r.Limits.MaxWait > 0 && r.Total.longest() > r.Limits.MaxWait
}

// longest is the longest wait in all phases.
func (row *Row) longest() Millis {
	return max(row.Before.Longest, row.During.Longest, row.After.Longest)
}

// WriteJSON writes the report for machines; the package documentation has the format.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("writing the report as JSON: %w", err)
	}
	return nil
}

// NotRun returns the report of a drill that could not begin: the time at which that was tried, and the reason.
func NotRun(tried time.Time, reason error) *Report {
	r := &Report{Started: tried, Setup: Setup{Clients: []Client{}}, Warnings: []string{}, Error: reason.Error()}
	r.fill(newRecorder())
	return r
}

// fill copies what was recorded into the report.
func (r *Report) fill(rec *recorder) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	sum := &tally{kind: "total", failures: map[Failure]uint64{}}
	r.Kinds = []Row{}
	for _, t := range rec.sorted() {
		r.Kinds = append(r.Kinds, t.row())
		sum.add(t)
	}
	r.Total = sum.row()
	r.Versions = Versions{
		Before: append([]string{}, rec.versions[before]...),
		During: append([]string{}, rec.versions[during]...),
		After:  append([]string{}, rec.versions[after]...),
	}
	r.Errors = append([]ErrorCount{}, rec.errors...)
	r.Timeline = rec.timeline()
	if !rec.origin.IsZero() {
		r.Started = rec.origin
	}
}

// add adds what o counted; of waits only those of quick kinds.
func (t *tally) add(o *tally) {
	t.clients += o.clients
	t.opened += o.opened
	t.announced += o.announced
	t.closed += o.closed
	for kind, n := range o.failures {
		t.failures[kind] += n
	}
	for p := range o.spans {
		t.spans[p].requests += o.spans[p].requests
		t.spans[p].failed += o.spans[p].failed
		if o.kind.quick() {
			t.spans[p].waits.merge(&o.spans[p].waits)
		}
	}
}

func (t *tally) row() Row {
	row := Row{
		Kind: t.kind, Clients: t.clients, Failures: map[Failure]uint64{},
		Connections: Connections{Opened: t.opened, Announced: t.announced, Closed: t.closed},
		Before:      t.spans[before].report(),
		During:      t.spans[during].report(),
		After:       t.spans[after].report(),
	}
	for kind, n := range t.failures {
		row.Failures[kind] = n
	}
	for _, s := range t.spans {
		row.Requests += s.requests
		row.Failed += s.failed
	}
	return row
}

func (s *span) report() Span {
	quantile := func(q float64) Millis { return Millis(s.waits.quantile(q)) }
	return Span{
		Requests: s.requests, Failed: s.failed,
		Longest: Millis(s.waits.longest), P50: quantile(0.5), P99: quantile(0.99), P999: quantile(0.999),
	}
}
