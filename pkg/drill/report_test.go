package drill

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// example is a report of known content: post 3 of 1,203 lost, two connections closed, slow nothing.
func example() *Report {
	rec := newRecorder()
	start := time.Unix(1_000_000, 0)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	clock := func(s int) { rec.now = func() time.Time { return at(s) } }
	clock(0)
	rec.loadBegins()
	clock(10)
	rec.commandBegan()
	clock(14)
	rec.commandEnded()
	clock(16)
	rec.loadEnded()
	post, slow := rec.tally(Post, 4), rec.tally(Slow, 2)
	for range 1200 {
		post.request(at(1), at(1).Add(2500*time.Microsecond), "1.0.0", nil)
	}
	for range 3 {
		post.request(at(11), at(11).Add(time.Second), "", &failure{EOF, errText("EOF")})
	}
	post.request(at(12), at(12).Add(17*time.Millisecond), "1.0.0", nil)
	post.request(at(13), at(13).Add(3*time.Millisecond), "1.1.0", nil)
	post.request(at(15), at(15).Add(2*time.Millisecond), "1.1.0", nil)
	slow.request(at(9), at(12), "1.0.0", nil)
	clock(12)
	for range 4 {
		post.connectionOpened()
		slow.connectionOpened()
	}
	post.connectionEnded(closed)
	post.connectionEnded(closed)
	post.connectionEnded(announced)
	post.connectionEnded(byUs)
	rec.event(at(12), "myapp.service", "ready")
	r := &Report{Load: "closed", Warnings: []string{}, Command: Command{Duration: Millis(4 * time.Second)}}
	r.fill(rec)
	r.Started = r.Started.UTC()
	return r
}

type errText string

func (e errText) Error() string { return string(e) }

func TestWriteText(t *testing.T) {
	const want = `
                                              --- longest wait ---
   kind  clients  requests  failed  closed  before  during   after
   post        4     1,206       3       2  2.5 ms   17 ms  2.0 ms
  slow*        2         1       0       0       -  3.00 s       -
  total        6     1,207       3       2  2.5 ms   17 ms  2.0 ms
* long by its nature (events: the time between two); the total's waits leave it out

   waits     p50     p99   p99.9  longest
  before  2.5 ms  2.5 ms  2.5 ms   2.5 ms
  during  3.0 ms   17 ms   17 ms    17 ms
   after  2.0 ms  2.0 ms  2.0 ms   2.0 ms

 10.000 s  command began
 11.000 s  post: 3 failed within 1.00 s
 12.000 s  myapp.service ready
 14.000 s  command ended

the command took 4.00 s
versions that answered: before 1.0.0; during 1.0.0, 1.1.0; after 1.1.0
  3 × post eof: EOF
FAIL 3 of 1,207 requests failed, 2 connections closed
`
	var b strings.Builder
	if err := example().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if got := "\n" + b.String(); got != want {
		t.Errorf("got:%s\nwant:%s", got, want)
	}
}

// Lists are lists for those who read the JSON, also where there is nothing in them.
func TestNotRun(t *testing.T) {
	r := NotRun(time.Now(), errors.New("no host"))
	if want := "NONE no host"; r.Verdict() != want || r.Passed() {
		t.Errorf("%q, want %q", r.Verdict(), want)
	}
	var b strings.Builder
	if err := r.WriteJSON(&b); err != nil || strings.Contains(b.String(), "null") {
		t.Errorf("%v\n%s", err, &b)
	}
}

func TestMillisInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0 ms", 2500 * time.Microsecond: "2.5 ms", 17 * ms: "17 ms", 999 * ms: "999 ms",
		time.Second: "1.00 s", 99*time.Second + 990*ms: "99.99 s", 353*time.Second + 700*ms: "354 s",
	} {
		if got := Millis(d).String(); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestVerdict(t *testing.T) {
	report := func(failed, closed uint64, command, err string) *Report {
		return &Report{Command: Command{Error: command}, Error: err,
			Total: Row{Requests: 17852, Failed: failed, Connections: Connections{Closed: closed},
				During: Span{Longest: Millis(2 * time.Second)}}}
	}
	within := func(r *Report, failed uint64, wait time.Duration) *Report {
		r.Limits = Limits{MaxFailed: failed, MaxWait: Millis(wait)}
		return r
	}
	tests := []struct {
		report *Report
		lost   bool
		want   string
	}{
		{within(report(3, 2, "", ""), 3, 0), true, "PASS 3 of 17,852 requests failed, 2 connections closed; up to 3 of each are allowed"},
		{within(report(3, 2, "", ""), 2, 0), true, "FAIL 3 of 17,852 requests failed, 2 connections closed"},
		{within(report(2, 3, "", ""), 2, 0), true, "FAIL 2 of 17,852 requests failed, 3 connections closed"},
		{within(report(1, 0, "exit status 1", ""), 1, 0), true, "FAIL the command failed (exit status 1)"},
		{within(report(0, 0, "", ""), 0, 2*time.Second), false, "PASS nothing was lost"},
		{within(report(0, 0, "", ""), 0, time.Second), false, "FAIL a request waited 2.00 s, longer than 1.00 s"},
		{within(report(1, 0, "", ""), 0, time.Second), true,
			"FAIL 1 of 17,852 requests failed; a request waited 2.00 s, longer than 1.00 s"},
		{report(0, 0, "", ""), false, "PASS nothing was lost"},
		{report(3, 2, "", ""), true, "FAIL 3 of 17,852 requests failed, 2 connections closed"},
		{report(0, 1, "", ""), true, "FAIL 1 connection closed"},
		{report(1, 0, "exit status 1", ""), true, "FAIL 1 of 17,852 requests failed; the command failed (exit status 1)"},
		{report(0, 0, "exit status 100", ""), false, "FAIL the command failed (exit status 100); no request was lost"},
		{report(0, 0, "", "broken off"), false, "NONE broken off"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			if got := tt.report.Verdict(); got != tt.want || tt.report.Lost() != tt.lost ||
				tt.report.Passed() != strings.HasPrefix(tt.want, "PASS") {
				t.Errorf("%q, lost %v, passed %v", got, tt.report.Lost(), tt.report.Passed())
			}
		})
	}
}

// The package documentation has all names of the JSON report.
func TestJSONIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	r := example()
	r.Error, r.Command.Error, r.Errors[0].Count = "broken off", "exit status 1", 3
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`("[a-z0-9_]+"):`).FindAllSubmatch(text, -1) {
		if !bytes.Contains(doc, m[1]) {
			t.Errorf("no %s in doc.go", m[1])
		}
	}
}

func TestJSON(t *testing.T) {
	r := example()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"command":{"duration_ms":4000}`, `"kind":"post","clients":4,"requests":1206,"failed":3,"failures":{"eof":3}`,
		`"connections":{"opened":4,"announced":1,"closed":2}`, `"before":{"requests":1200,"failed":0,"longest_ms":2.5,`,
		`"during":["1.0.0","1.1.0"]`, `"kind":"total"`, `"p999_ms":2.5`, `"load":"closed"`, `"warnings":[]`,
		`"limits":{"max_failed":0,"max_wait_ms":0}`, `"timeline":{"length_ms":16000,"step_ms":40,"slots":[{"answered":0,`,
		`"events":[{"at_ms":10000,"what":"command began"},{"at_ms":12000,"unit":"myapp.service","what":"ready"},{"at_ms":14000,`,
		`"downtime":[{"kind":"post","from_ms":11000,"to_ms":12000,"failed":3}]`,
	} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %s", want, data)
		}
	}
	var back Report
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(&back); err != nil || string(again) != string(data) {
		t.Errorf("read and written again: %s, %v; want %s", again, err, data)
	}
}
