package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/urfave/cli/v2"
)

// reportFlags say where the report goes, besides the text.
func reportFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "json", Usage: "write the report to `FILE` as JSON (-: to stdout, the table to stderr)"},
		&cli.StringFlag{Name: "html", Usage: "write the report to `FILE` as a page for a browser, with a picture"},
		&cli.StringFlag{Name: "junit", Usage: "write the report to `FILE` as JUnit XML, for CI"},
		&cli.BoolFlag{Name: "github", Usage: "annotate the run of GitHub Actions, and add a table to its summary ($GITHUB_STEP_SUMMARY)"},
	}
}

// A reportFormat is a way to write the report.
type reportFormat func(*drill.Report, io.Writer) error

// reportFormats are those of the flags that name a file, in the order in which they are written.
var reportFormats = []struct {
	flag   string
	format reportFormat
}{
	{"json", (*drill.Report).WriteJSON},
	{"html", (*drill.Report).WriteHTML},
	{"junit", (*drill.Report).WriteJUnit},
}

// drillOutput is where the report goes: opened before the drill, so that none is run in vain.
type drillOutput struct {
	text  io.Writer // nil: nowhere
	notes io.Writer // annotations of GitHub Actions; nil: none
	files []*reportFile
}

// openDrillOutput opens the files. Where one is "-", it is stdout, and the text goes to stderr. An error has the exit status.
func openDrillOutput(c *cli.Context) (*drillOutput, error) {
	o := &drillOutput{text: c.App.Writer}
	flags := map[string]string{} // by file
	for _, f := range reportFormats {
		name := c.String(f.flag)
		if other, twice := flags[filepath.Clean(name)]; name != "" && twice {
			o.close()
			return nil, cli.Exit(fmt.Errorf("reading the arguments: --%s and --%s are both %s: give each report a place of its own", other, f.flag, name), drillUsage)
		}
		flags[filepath.Clean(name)] = f.flag
		switch name {
		case "":
		case "-":
			o.text = c.App.ErrWriter
			o.files = append(o.files, &reportFile{Writer: c.App.Writer, format: f.format})
		default:
			file, err := openReportFile(name, f.format)
			if err != nil {
				o.close()
				return nil, cli.Exit(fmt.Errorf("opening the report: %w", err), drillNotRun)
			}
			o.files = append(o.files, file)
		}
	}
	if !c.Bool("github") {
		return o, nil
	}
	o.notes = o.text
	if summary := os.Getenv("GITHUB_STEP_SUMMARY"); summary != "" {
		f, err := os.OpenFile(summary, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
		if err != nil {
			o.close()
			return nil, cli.Exit(fmt.Errorf("opening the summary that GITHUB_STEP_SUMMARY names: %w", err), drillNotRun)
		}
		o.files = append(o.files, &reportFile{Writer: f, file: f, format: (*drill.Report).WriteMarkdown})
	}
	return o, nil
}

// write writes all that it can; the text last, since it ends with the verdict.
func (o *drillOutput) write(r *drill.Report) error {
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.write(r))
	}
	if o.notes != nil {
		errs = append(errs, r.WriteGitHub(o.notes))
	}
	if o.text != nil {
		errs = append(errs, r.WriteText(o.text))
	}
	return errors.Join(errs...)
}

// conclude writes the report of a drill, and returns the error that has its exit status. If err is not nil, the drill
// did not run to its end, and the text and notes go to stderr.
func (o *drillOutput) conclude(c *cli.Context, r *drill.Report, err error) error {
	for _, w := range []*io.Writer{&o.text, &o.notes} {
		if err != nil && *w != nil {
			*w = c.App.ErrWriter
		}
	}
	if werr := o.write(r); werr != nil {
		return cli.Exit(werr, drillNotRun)
	}
	switch {
	case err != nil:
		return cli.Exit("", drillNotRun) // the verdict has said why
	case !r.Passed():
		return cli.Exit("", drillLost)
	}
	return nil
}

// close takes away what was not written.
func (o *drillOutput) close() {
	for _, f := range o.files {
		f.close()
	}
}
