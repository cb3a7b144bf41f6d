package drill

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// The elements of a JUnit report that CI systems read: https://github.com/testmoapp/junitxml.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name      string      `xml:"name,attr"`
		Tests     int         `xml:"tests,attr"`
		Failures  int         `xml:"failures,attr"`
		Errors    int         `xml:"errors,attr"`
		Skipped   int         `xml:"skipped,attr"`
		Time      string      `xml:"time,attr"`
		Timestamp string      `xml:"timestamp,attr"`
		Cases     []junitCase `xml:"testcase"`
		Output    string      `xml:"system-out"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitProblem `xml:"failure"`
		Error   *junitProblem `xml:"error"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as JUnit XML: a test case for each kind of client, one for the command and, if there is a limit,
// one for the longest wait. If the drill did not run to its end, there is one case, with an error.
func (r *Report) WriteJUnit(w io.Writer) error {
	suite := junitSuite{
		Name: "nodrop drill", Time: r.Timeline.Length.seconds(), Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"),
		Cases: r.junitCases(),
	}
	suite.Tests = len(suite.Cases)
	for _, c := range suite.Cases {
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Error != nil {
			suite.Errors++
		}
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		return err
	}
	suite.Output = text.String()
	data, err := xml.MarshalIndent(junitSuites{Suites: []junitSuite{suite}}, "", "  ")
	if err != nil {
		return fmt.Errorf("making the JUnit report: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, data); err != nil {
		return fmt.Errorf("writing the JUnit report: %w", err)
	}
	return nil
}

func (r *Report) junitCases() []junitCase {
	if r.Error != "" {
		c := r.junitCase("drill", "")
		c.Error = &junitProblem{Message: r.Error}
		return []junitCase{c}
	}
	var cases []junitCase
	for _, row := range r.Kinds {
		problem := ""
		if r.lostTooMuch() {
			problem = row.losses()
		}
		c := r.junitCase(fmt.Sprintf("%s: nothing is lost", row.Kind), problem)
		if c.Failure != nil {
			c.Failure.Text = r.causes(row.Kind)
		}
		cases = append(cases, c)
	}
	command := r.junitCase("the command succeeds", r.Command.Error)
	command.Time = r.Command.Duration.seconds()
	cases = append(cases, command)
	if r.Limits.MaxWait > 0 {
		cases = append(cases, r.junitCase("no request waits longer than "+r.Limits.MaxWait.String(), r.overdue()))
	}
	return cases
}

// junitCase is a case that failed unless the problem is empty.
func (r *Report) junitCase(name, problem string) junitCase {
	c := junitCase{Class: "nodrop.drill", Name: name, Time: r.Timeline.Length.seconds()}
	if problem != "" {
		c.Failure = &junitProblem{Message: problem}
	}
	return c
}

// causes are those of the losses of a kind, a line each.
func (r *Report) causes(kind Kind) string {
	var b strings.Builder
	for _, e := range r.Errors {
		if e.Kind == kind {
			fmt.Fprintln(&b, e)
		}
	}
	return b.String()
}

func (m Millis) seconds() string { return fmt.Sprintf("%.3f", time.Duration(m).Seconds()) }
