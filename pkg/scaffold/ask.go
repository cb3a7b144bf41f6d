package scaffold

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// asker gets what the module does not show.
type asker struct {
	in  *bufio.Reader // nil when there is nobody to ask
	out io.Writer
	yes bool // take the defaults
}

// ask returns the answer to a question, which is the default for an empty line. It fails where there is nobody to ask.
func (a *asker) ask(ctx context.Context, question, standard string, check func(string) error) (string, error) {
	if a.yes {
		fmt.Fprintf(a.out, "%s: %s, for want of better\n", question, standard)
		return standard, nil
	}
	if a.in == nil {
		return "", fmt.Errorf("cannot ask %q without a terminal; --yes takes the defaults, here %q", question, standard)
	}
	for {
		if _, err := fmt.Fprintf(a.out, "%s [%s]: ", question, standard); err != nil {
			return "", fmt.Errorf("asking: %w", err)
		}
		answer, err := a.line(ctx)
		if err != nil {
			return "", fmt.Errorf("reading the answer to %q: %w", question, err)
		}
		if answer == "" {
			answer = standard
		}
		if err := check(answer); err != nil {
			fmt.Fprintf(a.out, "%v\n", err)
			continue
		}
		return answer, nil
	}
}

// line reads a line, unless ctx ends first.
func (a *asker) line(ctx context.Context) (string, error) {
	type read struct {
		text string
		err  error
	}
	done := make(chan read, 1)
	go func() { // it stays behind when ctx ends, and so does the program
		text, err := a.in.ReadString('\n')
		done <- read{text, err}
	}()
	select {
	case r := <-done:
		return strings.TrimSpace(r.text), r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
