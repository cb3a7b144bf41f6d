package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/nodrop/nodrop/pkg/drill"
)

// reportFile is a file that the report is written to. An ordinary file appears when it is whole: until then it has another name.
type reportFile struct {
	io.Writer
	format reportFormat
	file   *os.File // nil: stdout, which stays open
	target string   // what the file is to be called; empty: it has its name
}

// openReportFile opens the file of that name. The caller closes it.
func openReportFile(name string, format reportFormat) (*reportFile, error) {
	target, err := filepath.EvalSymlinks(name)
	if errors.Is(err, os.ErrNotExist) {
		target, err = name, nil
	}
	if err != nil {
		return nil, err
	}
	path, flags := target, os.O_WRONLY
	if info, err := os.Stat(target); err != nil || info.Mode().IsRegular() {
		path, flags = filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+"."+rand.Text()), os.O_WRONLY|os.O_CREATE|os.O_EXCL
	} else { // a device or a pipe, which nothing can take the place of
		target = ""
	}
	f, err := os.OpenFile(path, flags, 0o666)
	if perr := (*os.PathError)(nil); errors.As(err, &perr) {
		perr.Path = name // which is what was asked for
	}
	if err != nil {
		return nil, err
	}
	return &reportFile{Writer: f, file: f, format: format, target: target}, nil
}

// write writes the report, and closes the file.
func (f *reportFile) write(r *drill.Report) error {
	if err := f.format(r, f); err != nil || f.file == nil {
		return err
	}
	if err := f.file.Close(); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if f.target == "" {
		return nil
	}
	if err := os.Rename(f.file.Name(), f.target); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	f.target = ""
	return nil
}

// close takes away what was not written.
func (f *reportFile) close() {
	if f.file == nil {
		return
	}
	f.file.Close()
	if f.target != "" {
		os.Remove(f.file.Name())
	}
}
