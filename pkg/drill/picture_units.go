package drill

import (
	"slices"
	"strings"
)

// The words of Timeline.Events that the drill itself writes.
const (
	commandBegan = "command began"
	commandEnded = "command ended"
)

// commandSpan is when the command ran; to the end of the drill if it did not end before.
func (r *Report) commandSpan() (from, to Millis, ok bool) {
	to = r.Timeline.Length
	for _, e := range r.Timeline.Events {
		switch {
		case e.Unit != "":
		case e.What == commandBegan:
			from, ok = e.At, true
		case e.What == commandEnded:
			to = e.At
		}
	}
	return from, to, ok
}

// outages joins the windows of all kinds where they overlap.
func outages(windows []Window) []Window {
	windows = slices.Clone(windows)
	slices.SortFunc(windows, func(a, b Window) int { return int(a.From - b.From) })
	var joined []Window
	for _, w := range windows {
		if last := len(joined) - 1; last >= 0 && w.From <= joined[last].To {
			joined[last].To = max(joined[last].To, w.To)
			joined[last].Failed += w.Failed
			continue
		}
		joined = append(joined, w)
	}
	return joined
}

// stretch is a time in which a unit was in one state.
type stretch struct {
	from, to Millis
	state    string // "starting", "serving" or "draining"
}

// stretches tells the states of a unit from its events. What it was before the first is guessed from that: who
// stops has been serving.
func stretches(events []Event, length Millis) []stretch {
	var all []stretch
	state, since := "", Millis(0)
	if len(events) > 0 && stateAfter(events[0].What) != "serving" && stateAfter(events[0].What) != "starting" {
		state = "serving"
	}
	for _, e := range append(slices.Clone(events), Event{At: length, What: "end"}) {
		next := stateAfter(e.What)
		if next == state && e.What != "end" {
			continue
		}
		if state != "" && e.At > since {
			all = append(all, stretch{since, e.At, state})
		}
		state, since = next, e.At
	}
	return all
}

// stateAfter is the state of a unit after an event.
func stateAfter(what string) string {
	switch first, _, _ := strings.Cut(what, " "); first {
	case "starting", "reloading":
		return "starting"
	case "ready", "started":
		return "serving"
	case "stopping":
		return "draining"
	}
	return ""
}

// drawUnits draws the command's span and, for each unit, what it did. It returns the lower end.
func (p *picture) drawUnits(r *Report, y float64) float64 {
	if from, to, ok := r.commandSpan(); ok {
		l := lane{Name: "command"}
		y = p.name(&l, y, "Command", "")
		p.stretch(&l, y, stretch{from, to, "command"}, r.Command.Duration.String())
		p.Lanes = append(p.Lanes, l)
		y += 20
	}
	for _, unit := range r.servers() {
		l := lane{Name: "unit"}
		name := strings.TrimSuffix(unit, ".service")
		y = p.name(&l, y, shorten(name, 26), "")
		l.line("grid", p.left, y+12, p.right, y+12)
		for _, s := range stretches(r.eventsOf(unit), r.Timeline.Length) {
			p.stretch(&l, y, s, s.state)
		}
		for _, e := range r.eventsOf(unit) {
			x := p.x(e.At)
			l.path("event", rect(x-0.75, y-2, x+0.75, y+14), e.At.String()+" "+unit+" "+e.What)
		}
		p.Lanes = append(p.Lanes, l)
		y += 20
	}
	return y
}

// stretch draws a bar with a text in it, if that has room.
func (p *picture) stretch(l *lane, y float64, s stretch, text string) {
	x1, x2 := p.x(s.from), p.x(s.to)
	l.path("state "+s.state, rect(x1, y, max(x2, x1+2), y+12), text)
	if width := float64(len(text)) * charWidth; x2-x1 > width+8 {
		l.text("in "+s.state, (x1+x2)/2, y+9.5, "middle", text)
	}
}

// shownUnits is how many units are drawn.
const shownUnits = 8

// servers are the units that are drawn, in the order of their first events: those that served or drained, as jobs do not.
func (r *Report) servers() []string {
	var units []string
	for _, e := range r.Timeline.Events {
		serves := func(s stretch) bool { return s.state != "starting" }
		if e.Unit != "" && len(units) < shownUnits && !slices.Contains(units, e.Unit) &&
			slices.ContainsFunc(stretches(r.eventsOf(e.Unit), r.Timeline.Length), serves) {
			units = append(units, e.Unit)
		}
	}
	return units
}

// eventsOf are the events of a unit.
func (r *Report) eventsOf(unit string) []Event {
	var events []Event
	for _, e := range r.Timeline.Events {
		if e.Unit == unit {
			events = append(events, e)
		}
	}
	return events
}

// shorten leaves out the middle of a name that is longer than n.
func shorten(name string, n int) string {
	runes := []rune(name)
	if len(runes) <= n {
		return name
	}
	return string(runes[:n/2]) + "…" + string(runes[len(runes)-(n-1-n/2):])
}
