package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/urfave/cli/v2"
)

// reportFlags name the files to write the report to.
func reportFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "json", Usage: "write the report to `FILE` as JSON (-: to stdout, the table to stderr)"},
	}
}

// reportFormats say how the report is written to the file that a flag names.
var reportFormats = map[string]func(*drill.Report, io.Writer) error{
	"json": (*drill.Report).WriteJSON,
}

// drillOutput is where the report goes: opened before the drill, so that none is run in vain.
type drillOutput struct {
	text  io.Writer
	files []reportFile
}

type reportFile struct {
	io.WriteCloser
	format func(*drill.Report, io.Writer) error
}

// openDrillOutput opens the files. Where one is "-", it is stdout, and the text goes to stderr.
func openDrillOutput(c *cli.Context) (*drillOutput, error) {
	o := &drillOutput{text: c.App.Writer}
	for flag, format := range reportFormats {
		switch name := c.String(flag); name {
		case "":
		case "-":
			o.text = c.App.ErrWriter
			o.files = append(o.files, reportFile{nopCloser{c.App.Writer}, format})
		default:
			f, err := os.Create(name)
			if err != nil {
				o.close()
				return nil, fmt.Errorf("opening the report: %w", err)
			}
			o.files = append(o.files, reportFile{f, format})
		}
	}
	return o, nil
}

// write writes all that it can.
func (o *drillOutput) write(r *drill.Report) error {
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.format(r, f))
	}
	return errors.Join(append(errs, r.WriteText(o.text))...)
}

func (o *drillOutput) close() {
	for _, f := range o.files {
		f.Close()
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
