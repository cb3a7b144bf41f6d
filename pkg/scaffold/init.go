package scaffold

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// Options say what to make ready and whom to ask.
type Options struct {
	Dir     string    // of go.mod
	Package string    // the program, by its directory or import path; empty for the one that serves
	Yes     bool      // take the defaults instead of asking
	In      io.Reader // answers, line by line; nil where there is nobody to ask
	Log     io.Writer // questions, and what was done
}

// ErrKept is the error of Init when a file was there that says something else than Init would write. It was left alone; all else
// was done.
var ErrKept = errors.New("files that exist were left as they are")

// Init writes what a package of the program needs into packaging/NAME, adds to .goreleaser.yaml, and returns the change
// that the program itself needs as a unified diff, for patch -p1 or git apply; it is empty where there is nothing to change,
// or where Log says what to write by hand. Nothing is written before all questions are answered. Done twice it changes nothing.
func Init(ctx context.Context, o Options) ([]byte, error) {
	m, err := load(ctx, o.Dir, o.Package)
	if err != nil {
		return nil, err
	}
	a := &asker{out: o.Log, yes: o.Yes}
	if o.In != nil {
		a.in = bufio.NewReader(o.In)
	}
	c, err := m.choose(ctx, a, o.Package)
	if err != nil {
		return nil, err
	}
	for _, s := range c.servers {
		fmt.Fprintf(o.Log, "%s serves %s on %s (%s)\n", c.dir, s.speaks(), orUnseen(s.listen), m.place(s.body, s.expr))
	}
	p, err := m.project(ctx, a, c)
	if err != nil {
		return nil, err
	}
	if p.Argument != "" {
		fmt.Fprintf(o.Log, "it does so as its command %s, so the service runs %s %[1]s\n", p.Argument, p.Name)
	}
	change, err := m.change(c)
	if err != nil {
		return nil, err
	}
	anyKept, err := p.write(m.dir, o.Log)
	if err != nil {
		return nil, err
	}
	for _, note := range change.notes {
		fmt.Fprintf(o.Log, "\n%s", note)
	}
	p.next(o.Log, len(change.diff) > 0)
	if anyKept {
		err = ErrKept
	}
	return change.diff, err
}

func orUnseen(listen string) string {
	if listen == "" {
		return "an address that is not seen"
	}
	return listen
}

// write writes the files, tells of each, and reports whether one was left alone that differs. Nothing is written if nothing can
// be added to the configuration of GoReleaser.
func (p *Project) write(dir string, log io.Writer) (anyKept bool, err error) {
	files, err := p.files()
	if err != nil {
		return false, err
	}
	releaser, err := p.releaser(dir)
	if err != nil {
		return false, err
	}
	for _, f := range files {
		fate, err := put(dir, f)
		if err != nil {
			return anyKept, err
		}
		switch fate {
		case written:
			fmt.Fprintln(log, "wrote", f.path)
		case kept:
			anyKept = true
			fmt.Fprintf(log, "kept %s, which differs from what would be written; move it away to see that\n", f.path)
		}
	}
	return anyKept, releaser.write(dir, log)
}

// next says how to go on.
func (p *Project) next(log io.Writer, diff bool) {
	step := 0
	say := func(text string) {
		step++
		fmt.Fprintf(log, "  %d. %s\n", step, text)
	}
	fmt.Fprintln(log, "\nNext:")
	if diff {
		say("apply the diff: nodrop init | patch -p1")
	}
	say("go mod tidy, which gets github.com/nodrop/nodrop")
	flags := "-s -w"
	if p.VersionVariable != "" {
		flags += fmt.Sprintf(" -X %s=1.0.0", p.VersionVariable)
	}
	say(fmt.Sprintf("CGO_ENABLED=0 go build -ldflags %q -o %s/%s %s", flags, p.Build(), p.Name, p.Main))
	say(fmt.Sprintf("VERSION=1.0.0 nodrop package -f %s/nfpm.yaml -p deb -t %s", p.Dir(), p.Build()))
	say("or, for all of it: goreleaser release --snapshot --clean")
}
