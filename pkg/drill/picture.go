package drill

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// picture is the timeline drawn: lanes above each other, on one axis of time. Its units are CSS pixels.
type picture struct {
	ID            string // makes the ids in it differ from those of another picture on the page
	Width, Height float64
	Description   string // for those who do not see it
	Lanes         []lane

	narrow      bool
	left, right float64 // of what is drawn over time
	length      time.Duration
}

// lane is a strip of the picture.
type lane struct {
	Name  string // "requests", "lost" …
	Marks []mark
}

// mark is a shape or a text. Is says which, and so which of the fields count.
type mark struct {
	Is     string // "path", "text" or "circle"
	Class  string
	D      string  // of a path
	X, Y   float64 // of a text's baseline, a circle's centre
	Anchor string  // of a text: "start", "middle" or "end"
	Text   string  // of a text; a path's tooltip
}

// Sizes in the picture.
const (
	gutter    = 176 // what a wide picture has at its left for the lanes' names
	laneGap   = 22
	charWidth = 7 // of the text, about; bold, 11 px, in a wide sans-serif font
)

// draw makes the picture of a timeline, for a page that has so many pixels for it.
func (r *Report) draw(id string, width float64, narrow bool) *picture {
	p := &picture{ID: id, Width: width, narrow: narrow, left: gutter + 44, right: width - 14, length: time.Duration(r.Timeline.Length)}
	if narrow {
		p.left = 50
	}
	y := p.drawUnits(r, 2)
	columns := p.columns(r.Timeline)
	y = p.drawRequests(columns, y+laneGap)
	y = p.drawLost(r, columns, y+laneGap)
	y = p.drawWaits(columns, y+laneGap)
	p.drawAxis(y)
	p.Height = y + 22
	p.drawBands(r, 2, y)
	p.Description = r.describe()
	return p
}

// x is where a time is.
func (p *picture) x(at Millis) float64 {
	share := float64(at) / float64(p.length)
	return round(p.left + (p.right-p.left)*min(max(share, 0), 1))
}

// name writes a lane's name: beside it, or above it in a narrow picture. It returns where the lane begins.
func (p *picture) name(l *lane, y float64, name, more string) float64 {
	if p.narrow {
		if more != "" {
			name += ", " + more
		}
		l.text("name", 0, y+10, "start", name)
		return y + 20
	}
	l.text("name", 0, y+10, "start", name)
	l.text("more", 0, y+25, "start", more)
	return y
}

func (l *lane) text(class string, x, y float64, anchor, text string) {
	if text != "" {
		l.Marks = append(l.Marks, mark{Is: "text", Class: class, X: round(x), Y: round(y), Anchor: anchor, Text: text})
	}
}

func (l *lane) path(class, d, tooltip string) {
	if d != "" {
		l.Marks = append(l.Marks, mark{Is: "path", Class: class, D: d, Text: tooltip})
	}
}

func (l *lane) line(class string, x1, y1, x2, y2 float64) {
	l.path(class, fmt.Sprintf("M%g %gL%g %g", round(x1), round(y1), round(x2), round(y2)), "")
}

// rect is a path of a rectangle.
func rect(x1, y1, x2, y2 float64) string {
	return fmt.Sprintf("M%g %gH%gV%gH%gz", round(x1), round(y1), round(x2), round(y2), round(x1))
}

func round(f float64) float64 { return math.Round(f*10) / 10 }

// column is one or more slots, as many as it takes to be seen.
type column struct {
	from, to       Millis
	answered       float64 // per second
	failed, closed uint64
	longest        Millis
}

// columns joins slots so that each is at least two pixels wide.
func (p *picture) columns(t Timeline) []column {
	each := max(1, int(math.Ceil(2*float64(len(t.Slots))/(p.right-p.left))))
	var columns []column
	for first := 0; first < len(t.Slots); first += each {
		slots := t.Slots[first:min(first+each, len(t.Slots))]
		c := column{from: Millis(first) * t.Step, to: min(Millis(first+len(slots))*t.Step, t.Length)}
		var answered uint64
		for _, s := range slots {
			answered += s.Answered
			c.failed += s.Failed
			c.closed += s.Closed
			c.longest = max(c.longest, s.Longest)
		}
		if c.to <= c.from {
			break
		}
		c.answered = float64(answered) / time.Duration(c.to-c.from).Seconds()
		columns = append(columns, c)
	}
	return columns
}

// bars is a path of a bar for each column, from the height base to the one that top returns; none where they are equal.
func (p *picture) bars(columns []column, base float64, top func(column) float64) string {
	var d strings.Builder
	for _, c := range columns {
		if y := top(c); y != base {
			d.WriteString(rect(p.x(c.from), y, p.x(c.to), base))
		}
	}
	return d.String()
}

// atLeast is a height that is seen: of something that is not nothing, two pixels.
func atLeast(n uint64, height float64) float64 {
	if n == 0 {
		return 0
	}
	return max(2, height)
}

func (p *picture) drawRequests(columns []column, y float64) float64 {
	const height = 84
	l := lane{Name: "requests"}
	y = p.name(&l, y, "Answered", "requests per second")
	var most float64
	for _, c := range columns {
		most = max(most, c.answered)
	}
	most = niceAbove(most)
	for _, share := range []float64{0, 0.5, 1} {
		p.tick(&l, y+height*(1-share), grouped(uint64(math.Round(most*share))))
	}
	l.path("answered", p.bars(columns, y+height, func(c column) float64 { return y + height*(1-c.answered/most) }), "")
	p.Lanes = append(p.Lanes, l)
	return y + height
}

// drawLost draws lost requests upwards and closed connections downwards, so that the two differ by more than colour.
func (p *picture) drawLost(r *Report, columns []column, y float64) float64 {
	const height = 28
	l := lane{Name: "lost"}
	if !r.Lost() {
		y = p.name(&l, y, "Lost", "")
		l.text("none", p.left, y+10, "start", "no request, no connection")
		p.Lanes = append(p.Lanes, l)
		return y + 12
	}
	y = p.name(&l, y, "Lost", "up: failed, down: closed")
	var most uint64
	for _, c := range columns {
		most = max(most, c.failed, c.closed)
	}
	scale := niceAbove(float64(most))
	base := y + height
	p.tick(&l, y, grouped(uint64(scale)))
	p.tick(&l, base, "0")
	p.tick(&l, base+height, grouped(uint64(scale)))
	l.path("failed", p.bars(columns, base, func(c column) float64 { return base - atLeast(c.failed, height*float64(c.failed)/scale) }), "")
	l.path("closed", p.bars(columns, base, func(c column) float64 { return base + atLeast(c.closed, height*float64(c.closed)/scale) }), "")
	p.Lanes = append(p.Lanes, l)
	y = base + height
	if windows := outages(r.Timeline.Downtime); len(windows) > 0 {
		y = p.drawDowntime(windows, y+laneGap)
	}
	return y
}

func (p *picture) drawDowntime(windows []Window, y float64) float64 {
	const height = 10
	l := lane{Name: "downtime"}
	y = p.name(&l, y, "Downtime", "")
	l.line("grid", p.left, y+height, p.right, y+height)
	free := p.left // where the next text may begin
	for i, w := range windows {
		text := (w.To - w.From).String()
		x1, x2 := p.x(w.From), p.x(w.To)
		x2 = max(x2, x1+2)
		l.path("down", rect(x1, y, x2, y+height), "from "+w.From.String()+" to "+w.To.String())
		end := p.right
		if i+1 < len(windows) {
			end = p.x(windows[i+1].From)
		}
		before, width := max(free, p.left), float64(len(text))*charWidth
		switch {
		case x2+5+width+4 <= end:
			l.text("value", x2+5, y+9, "start", text)
			free = x2 + 5 + width
		case before+width+10 <= x1:
			l.text("value", x1-5, y+9, "end", text)
			free = x2
		default:
			free = x2
		}
	}
	p.Lanes = append(p.Lanes, l)
	return y + height
}

// drawWaits has a logarithmic scale: what matters is whether a wait is of the usual kind or ten times as long.
func (p *picture) drawWaits(columns []column, y float64) float64 {
	const height = 84
	l := lane{Name: "waits"}
	y = p.name(&l, y, "Longest wait", "of those answered")
	var longest column
	least := math.Inf(1)
	for _, c := range columns {
		if c.longest > longest.longest {
			longest = c
		}
		if c.longest > 0 {
			least = min(least, c.longest.decade())
		}
	}
	if longest.longest == 0 {
		least, longest.longest = 0, Millis(time.Millisecond)
	}
	low := math.Floor(least)
	high := max(math.Ceil(longest.longest.decade()), low+2)
	at := func(decade float64) float64 { return y + height*(high-decade)/(high-low) }
	step := math.Ceil((high - low) / 4)
	for decade := low; decade <= high; decade += step {
		p.tick(&l, at(decade), power(decade))
	}
	l.path("wait", p.bars(columns, y+height, func(c column) float64 {
		if c.longest == 0 {
			return y + height
		}
		return min(at(c.longest.decade()), y+height-2)
	}), "")
	if longest.to > 0 {
		x := (p.x(longest.from) + p.x(longest.to)) / 2
		top := at(longest.longest.decade())
		l.Marks = append(l.Marks, mark{Is: "circle", Class: "peak", X: round(x), Y: round(top)})
		anchor, offset := "start", 7.0
		if x > (p.left+p.right)/2 {
			anchor, offset = "end", -7
		}
		l.text("value halo", x+offset, max(top+4, y+9), anchor, longest.longest.String())
	}
	p.Lanes = append(p.Lanes, l)
	return y + height
}

// decade is the logarithm of the milliseconds.
func (m Millis) decade() float64 { return math.Log10(float64(m) / float64(time.Millisecond)) }

// power is 1 ms, 10 ms and so on, without digits that say nothing.
func power(decade float64) string {
	unit, of := "s", 1.0
	switch {
	case decade < 0:
		unit, of = "µs", 1e-3
	case decade < 3:
		unit, of = "ms", 1
	default:
		of = 1e3
	}
	return fmt.Sprintf("%g %s", math.Round(math.Pow(10, decade)/of), unit)
}

// tick draws a line of the scale and what it stands for.
func (p *picture) tick(l *lane, y float64, text string) {
	l.line("grid", p.left, y, p.right, y)
	l.text("tick", p.left-5, y+4, "end", text)
}

func (p *picture) drawAxis(y float64) {
	l := lane{Name: "axis"}
	most := (p.right - p.left) / 60 // how many times can be written beside each other
	step := niceAbove(p.length.Seconds() / most)
	for s := 0.0; s <= p.length.Seconds()+1e-9; s += step {
		x := p.x(Millis(s * float64(time.Second)))
		l.line("axis", x, y, x, y+4)
		anchor := "middle"
		if x > p.right-10 {
			anchor = "end"
		}
		l.text("tick", x, y+16, anchor, fmt.Sprintf("%g s", round(s*100)/100))
	}
	l.line("axis", p.left, y, p.right, y)
	p.Lanes = append(p.Lanes, l)
}

// drawBands marks the command's span, and downtime, through all lanes; they lie behind all else.
func (p *picture) drawBands(r *Report, top, bottom float64) {
	l := lane{Name: "bands"}
	if from, to, ok := r.commandSpan(); ok {
		l.path("band", rect(p.x(from), top, p.x(to), bottom), "")
		l.line("edge", p.x(from), top, p.x(from), bottom)
		l.line("edge", p.x(to), top, p.x(to), bottom)
	}
	for _, w := range outages(r.Timeline.Downtime) {
		l.path("outage", rect(p.x(w.From), top, max(p.x(w.To), p.x(w.From)+1), bottom), "")
	}
	p.Lanes = append([]lane{l}, p.Lanes...)
}

// niceAbove is the least of 1, 2, 5, 10, 20 … that is not below f; also 0.1, 0.2, 0.5 and so on. It is 1 for 0.
func niceAbove(f float64) float64 {
	if f <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(f)))
	for _, n := range []float64{1, 2, 5} {
		if f <= n*power*(1+1e-9) {
			return n * power
		}
	}
	return 10 * power
}
