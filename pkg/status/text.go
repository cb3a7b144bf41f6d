package status

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteText writes what people read, a paragraph for each service.
func WriteText(w io.Writer, all []Service) error {
	var b strings.Builder
	for i, s := range all {
		if i > 0 {
			b.WriteString("\n")
		}
		s.text(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Service) text(b *strings.Builder) {
	line := func(label, format string, args ...any) {
		fmt.Fprintf(b, "%9s: %s\n", label, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(b, "%s - %s\n", s.Unit, s.Description)
	line("State", "%s", s.explained())
	if s.Package != nil {
		line("Package", "%s %s", s.Package.Name, s.Package.Version)
	}
	line("Main", "%s", s.Main.text())
	if s.Standby != nil {
		line("Standby", "%s", s.Standby.text())
	}
	if r := s.Rollout; r != nil {
		line("Rollout", "%s", r.text())
	}
	label := "Sockets"
	for _, socket := range s.Sockets {
		for _, text := range socket.texts() {
			if label != "" {
				line(label, "%s", text)
				label = ""
				continue
			}
			fmt.Fprintf(b, "%11s%s\n", "", text)
		}
	}
}

// explained is the state, and what to make of it.
func (s Service) explained() string {
	switch s.State {
	case FallenBack:
		return fmt.Sprintf("fallen back to %s, as %s failed; install a version that works", s.Fallback.To, s.Fallback.Failed)
	case Degraded:
		stem := strings.TrimSuffix(s.Unit, ".service")
		if !s.Main.serves() {
			return fmt.Sprintf("degraded: the standby serves in main's place; see journalctl -u %s", stem)
		}
		return fmt.Sprintf("degraded: it serves, but the last rollout failed; see journalctl -u %s -u %[1]s-standby -u %[1]s-rollout", stem)
	case Waiting:
		return "not running; the first connection starts it"
	case Stopped:
		return "not running"
	}
	return string(s.State)
}

func (i Instance) text() string {
	state := i.Active
	if i.Load == "masked" {
		state = "masked, " + state
	}
	if i.Result != "" && i.Result != "success" {
		state += " (" + i.Result + ")"
	}
	if i.Since != nil {
		state += " since " + stamp(*i.Since)
	}
	if i.PID > 0 {
		state += fmt.Sprintf(", process %d", i.PID)
	}
	switch i.Program {
	case Installed:
		state += ", runs what is installed"
	case Replaced:
		state += ", runs a program that has been replaced since"
	}
	if i.Says != "" {
		state += "; " + i.Says
	}
	return state
}

func (r Rollout) text() string {
	text := r.Outcome
	if r.Begun != nil {
		text += ", begun " + stamp(*r.Begun)
	}
	if r.Seconds > 0 {
		text += fmt.Sprintf(", took %.1f s", r.Seconds)
	}
	return text
}

// texts has a line for each address.
func (s Socket) texts() []string {
	state := s.Active
	if s.Load == "masked" {
		state = "masked, " + state
	}
	if s.Result != "" && s.Result != "success" {
		state += " (" + s.Result + ")"
	}
	var all []string
	for _, l := range s.Addresses {
		text := fmt.Sprintf("%-16s %-27s %s", s.Name, l.Address, state)
		switch q := l.Queue; {
		case q == nil && s.Active == "active":
			text += ", nobody listens there"
		case q == nil:
		case l.Type == "Datagram":
			text += fmt.Sprintf(", %d bytes wait", q.Waiting)
		default:
			text += fmt.Sprintf(", %d of %d wait", q.Waiting, q.Limit)
		}
		all = append(all, text)
	}
	if len(all) == 0 {
		all = append(all, fmt.Sprintf("%-16s %-27s %s", s.Unit, "", state))
	}
	return all
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }
