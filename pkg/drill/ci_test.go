package drill

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
)

func TestJUnit(t *testing.T) {
	overdue, within := example(), example()
	overdue.Limits = Limits{MaxFailed: 3, MaxWait: seconds(0.01)}
	within.Limits.MaxFailed = 3
	failing := example()
	failing.Command.Error = "exit status 100"
	tests := []struct {
		name   string
		report *Report
		want   string // name of each case, with what is wrong
	}{
		{"lost", failing, "post: nothing is lost (3 of 1,206 requests failed, 2 connections closed), slow: nothing is lost, the command succeeds (exit status 100)"},
		{"allowed", within, "post: nothing is lost, slow: nothing is lost, the command succeeds"},
		{"too slow", overdue, "post: nothing is lost, slow: nothing is lost, the command succeeds, no request waits longer than 10 ms (a request waited 17 ms, longer than 10 ms)"},
		{"not run", &Report{Error: "no server"}, "drill (no server)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := tt.report.WriteJUnit(&b); err != nil {
				t.Fatal(err)
			}
			var suites junitSuites
			if err := xml.Unmarshal(b.Bytes(), &suites); err != nil {
				t.Fatalf("%v: %s", err, b.String())
			}
			suite := suites.Suites[0]
			var cases []string
			failures, errors := 0, 0
			for _, c := range suite.Cases {
				s := c.Name
				if c.Failure != nil {
					failures++
					s += " (" + c.Failure.Message + ")"
				}
				if c.Error != nil {
					errors++
					s += " (" + c.Error.Message + ")"
				}
				cases = append(cases, s)
			}
			if got := strings.Join(cases, ", "); got != tt.want {
				t.Errorf("cases %s, want %s", got, tt.want)
			}
			if suite.Tests != len(suite.Cases) || suite.Failures != failures || suite.Errors != errors {
				t.Errorf("the suite counts %d tests, %d failures, %d errors: %s", suite.Tests, suite.Failures, suite.Errors, b.String())
			}
			if passed := tt.report.Passed(); passed != (failures+errors == 0) {
				t.Errorf("the drill has passed: %v, but %d cases failed", passed, failures+errors)
			}
		})
	}
}

func TestJUnitOfHostileTexts(t *testing.T) {
	var b bytes.Buffer
	if err := hostileReport().WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var suites junitSuites
	if err := xml.Unmarshal(b.Bytes(), &suites); err != nil {
		t.Fatal(err)
	}
	if got := len(suites.Suites[0].Cases); got != 3 {
		t.Errorf("%d cases, want 3", got)
	}
}

func TestGitHub(t *testing.T) {
	const want = `::error title=nodrop drill%3A FAIL::3 of 1,206 requests failed, 2 connections closed
::error title=nodrop drill%3A post clients::3 of 1,206 requests failed, 2 connections closed%0A3 × post eof: EOF
::warning title=nodrop drill::100%25 busy
`
	r := example()
	r.Kinds = r.Kinds[:1]
	r.Total = r.Kinds[0]
	r.Warnings = []string{"100% busy"}
	var b strings.Builder
	if err := r.WriteGitHub(&b); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
}

func TestGitHubOfHostileTexts(t *testing.T) {
	var b strings.Builder
	if err := hostileReport().WriteGitHub(&b); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "::error title=nodrop drill") && !strings.HasPrefix(line, "::warning title=nodrop drill") || strings.Contains(line, "\r") {
			t.Errorf("a line of somebody else's: %q", line)
		}
	}
}

func TestMarkdown(t *testing.T) {
	const want = `### Drill: FAIL

3 of 1\,207 requests failed\, 2 connections closed

| kind | clients | requests | failed | closed | longest wait before | during | after |
|---|--:|--:|--:|--:|--:|--:|--:|
| post | 4 | 1,206 | 3 | 2 | 2.5 ms | 17 ms | 2.0 ms |
| slow | 2 | 1 | 0 | 0 | - | 3.00 s | - |
| total | 6 | 1,207 | 3 | 2 | 2.5 ms | 17 ms | 2.0 ms |

- 3 × post eof\: \<b\>\| x

`
	r := example()
	r.Errors[0].Text = "<b>|\nx"
	var b strings.Builder
	if err := r.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
