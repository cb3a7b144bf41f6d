package drill

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
	"unicode"
)

//go:embed report.html
var pageText string

//go:embed report.css
var pageStyle string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"grouped": grouped,
	"seconds": Millis.seconds,
	"wait": func(s Span, m Millis) string {
		if s.Longest == 0 {
			return s.wait()
		}
		return m.String()
	},
}).Parse(pageText))

// Widths of the picture, one for a screen and one for a phone, in CSS pixels.
const (
	wideWidth   = 960
	narrowWidth = 358
)

// WriteHTML writes the report as one page that needs nothing else: no script, no font, no network, which its
// Content-Security-Policy also forbids. Whatever servers and the command said is escaped.
func (r *Report) WriteHTML(w io.Writer) error {
	var b bytes.Buffer
	if err := page.Execute(&b, r.view()); err != nil {
		return fmt.Errorf("making the HTML report: %w", err)
	}
	if _, err := w.Write(bytes.Map(visible, b.Bytes())); err != nil {
		return fmt.Errorf("writing the HTML report: %w", err)
	}
	return nil
}

// visible replaces what would steer a terminal or turn the direction of a text around.
func visible(c rune) rune {
	if unicode.IsControl(c) && c != '\n' && c != '\t' || unicode.Is(unicode.Bidi_Control, c) {
		return unicode.ReplacementChar
	}
	return c
}

// view is what the page shows, besides the report itself.
type view struct {
	*Report
	Style       template.CSS
	StyleHash   string // for the Content-Security-Policy
	Outcome     string // PASS, FAIL or NONE
	Headline    string // the rest of the verdict
	Summary     string
	CommandLine string
	Facts       []fact
	Pictures    []*picture // none if there was no load
	Rows        []rowView  // the last is the total, unless there is but one kind
	Starred     bool       // a row has waits that are long by their nature
	Answered    []fact     // the versions that answered, by phase
	Setting     []fact     // how the drill was run
}

// fact is a name and a value.
type fact struct {
	Name, Value string
	Note        string
	Bad         bool
}

type rowView struct {
	Row
	About string
	Lossy bool
	Total bool
}

func (r *Report) view() *view {
	outcome, rest, _ := strings.Cut(r.Verdict(), " ")
	hash := sha256.Sum256([]byte(pageStyle))
	v := &view{
		Report:      r,
		Style:       template.CSS(pageStyle),
		StyleHash:   base64.StdEncoding.EncodeToString(hash[:]),
		Outcome:     outcome,
		Headline:    capitalised(rest),
		Summary:     r.summary(),
		CommandLine: commandLine(r.Command.Args),
		Setting:     r.setting(),
		Answered:    r.answered(),
	}
	if outcome == "NONE" {
		v.Headline = "The drill did not run to its end"
	}
	if r.Total.Requests > 0 {
		v.Facts = r.facts()
	}
	if r.Timeline.Length > 0 && len(r.Timeline.Slots) > 0 {
		v.Pictures = []*picture{r.draw("wide", wideWidth, false), r.draw("narrow", narrowWidth, true)}
	}
	for _, row := range r.Kinds {
		v.Rows = append(v.Rows, rowView{Row: row, About: abouts[row.Kind], Lossy: row.lossy()})
		v.Starred = v.Starred || !row.Kind.quick()
	}
	if len(r.Kinds) > 1 {
		v.Rows = append(v.Rows, rowView{Row: r.Total, Lossy: r.Total.lossy(), Total: true})
	}
	return v
}

// abouts says what clients of each kind do.
var abouts = map[Kind]string{
	Fresh:     "a new connection for each request",
	KeepAlive: "keep-alive GETs",
	Post:      "keep-alive POSTs",
	TLS:       "keep-alive over TLS",
	H2:        "HTTP/2 over TLS",
	Slow:      "requests that take long",
	Upload:    "uploads of 5 MiB, checked",
	Download:  "downloads, checked",
	Idle:      "idle while the command runs",
	WebSocket: "numbered messages, echoed",
	Events:    "a stream of numbered events",
}

// Slow reports whether the waits are long by the nature of the kind.
func (row rowView) Slow() bool { return !row.Total && !row.Kind.quick() }

// summary is a sentence below the verdict.
func (r *Report) summary() string {
	if r.Error != "" {
		return capitalised(r.Error)
	}
	return fmt.Sprintf("%s sent %s before, while and after the command ran, which took %s. No client ever retried.",
		counted(uint64(r.Total.Clients), "client"), counted(r.Total.Requests, "request"), r.Command.Duration)
}

// facts are the numbers to look at first.
func (r *Report) facts() []fact {
	wait := fact{Name: "longest wait", Value: r.Total.During.wait(), Note: "while the command ran; before: " + r.Total.Before.wait()}
	facts := []fact{
		{Name: "failed", Value: grouped(r.Total.Failed), Note: "of " + counted(r.Total.Requests, "request"), Bad: r.Total.Failed > 0},
		{Name: "closed", Value: grouped(r.Total.Connections.Closed), Note: "of " + counted(r.Total.Connections.Opened, "connection"), Bad: r.Total.Connections.Closed > 0},
		wait,
	}
	windows := outages(r.Timeline.Downtime)
	down := fact{Name: "downtime", Value: "none"}
	var sum Millis
	for _, w := range windows {
		sum += w.To - w.From
	}
	if len(windows) > 0 {
		down = fact{Name: "downtime", Value: sum.String(), Note: "in " + counted(uint64(len(windows)), "window"), Bad: true}
	}
	return append(facts, down)
}

func (r *Report) answered() []fact {
	v := r.Versions
	if len(v.Before)+len(v.During)+len(v.After) == 0 {
		return nil
	}
	return []fact{{Name: "before", Value: list(v.Before)}, {Name: "during", Value: list(v.During)}, {Name: "after", Value: list(v.After)}}
}

// setting says how the drill was run.
func (r *Report) setting() []fact {
	facts := []fact{{Name: "Started", Value: r.Started.UTC().Format(time.DateTime) + " UTC"}}
	for i, c := range r.Setup.Clients {
		name := "Clients"
		if i > 0 {
			name = ""
		}
		facts = append(facts, fact{Name: name, Value: fmt.Sprintf("%d × %s: %s", c.Number, c.Kind, c.URL)})
	}
	if s := r.Setup; len(s.Clients) > 0 {
		facts = append(facts,
			fact{Name: "Load", Value: fmt.Sprintf("%s before, %s after, %s", s.Before, s.After, r.pace())},
			fact{Name: "Lost", Value: "after " + s.Timeout.String() + " without a reply"})
	}
	if n := r.Limits.MaxFailed; n > 0 {
		facts = append(facts, fact{Name: "Allowed", Value: fmt.Sprintf("%s and %s", counted(n, "failed request"), counted(n, "closed connection"))})
	}
	if wait := r.Limits.MaxWait; wait > 0 {
		facts = append(facts, fact{Name: "Allowed", Value: "waits of up to " + wait.String()})
	}
	return facts
}

// pace is how often requests begin.
func (r *Report) pace() string {
	if Model(r.Load) == Open {
		return fmt.Sprintf("%g requests a second per client, whatever becomes of those before", r.Setup.Rate)
	}
	return fmt.Sprintf("at most %g requests a second per client", r.Setup.Rate)
}

// commandLine writes arguments as one would type them.
func commandLine(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = arg
		special := func(c rune) bool {
			return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-_./:=@,+%", c)
		}
		if arg == "" || strings.ContainsFunc(arg, special) {
			words[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// describe says in words what the picture shows.
func (r *Report) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of load.", r.Timeline.Length)
	if from, to, ok := r.commandSpan(); ok {
		fmt.Fprintf(&b, " The command ran from %s to %s.", from, to)
	}
	lost := r.losses()
	if lost == "" {
		lost = "nothing was lost"
	}
	fmt.Fprintf(&b, " %s.", capitalised(lost))
	for _, w := range outages(r.Timeline.Downtime) {
		fmt.Fprintf(&b, " Requests failed from %s to %s.", w.From, w.To)
	}
	for _, e := range r.Timeline.Events {
		if e.Unit != "" {
			fmt.Fprintf(&b, " At %s: %s %s.", e.At, e.Unit, e.What)
		}
	}
	return b.String()
}

func capitalised(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
