package drill

import (
	"reflect"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestSlots(t *testing.T) {
	for _, length := range []time.Duration{1 * ms, 5995 * ms, 6 * time.Second, 6001 * ms, time.Hour} {
		var s slots
		for at := time.Duration(0); at < length; at += length/1000 + 1 {
			slot := s.at(at)
			slot.Answered++
			slot.Failed++
			slot.Closed++
			slot.Longest = max(slot.Longest, Millis(at))
		}
		var sum Slot
		for i, slot := range s.all {
			sum.Answered += slot.Answered
			sum.Failed += slot.Failed
			sum.Closed += slot.Closed
			if from, to := Millis(s.step)*Millis(i), Millis(s.step)*Millis(i+1); slot.Longest < from || slot.Longest >= to {
				t.Errorf("%v: slot %d, from %v to %v, holds %v", length, i, from, to, slot.Longest)
			}
		}
		if sum.Answered < 1000 && length > ms || sum.Failed != sum.Answered || sum.Closed != sum.Answered {
			t.Errorf("%v: in all %+v", length, sum)
		}
		if n := len(s.all); n > maxSlots || n < maxSlots/2 && s.step > firstStep {
			t.Errorf("%v: %d slots of %v", length, n, s.step)
		}
	}
}

func TestDowntime(t *testing.T) {
	type loss struct{ from, to, answered time.Duration }
	window := func(from, to time.Duration, failed uint64) Window {
		return Window{From: Millis(from), To: Millis(to), Failed: failed}
	}
	tests := []struct {
		name string
		lost []loss
		want []Window
	}{
		{"one", []loss{{10 * ms, 20 * ms, 5 * ms}}, []Window{window(10*ms, 20*ms, 1)}},
		{"near", []loss{{10 * ms, 20 * ms, 0}, {120 * ms, 130 * ms, 60 * ms}}, []Window{window(10*ms, 130*ms, 2)}},
		{"apart", []loss{{10 * ms, 20 * ms, 0}, {121 * ms, 130 * ms, 60 * ms}}, []Window{window(10*ms, 20*ms, 1), window(121*ms, 130*ms, 1)}},
		{"apart, but nothing answered between", []loss{{10 * ms, 20 * ms, 5 * ms}, {900 * ms, 910 * ms, 5 * ms}}, []Window{window(10*ms, 910*ms, 2)}},
		{"ended out of order", []loss{{500 * ms, 510 * ms, 0}, {490 * ms, 520 * ms, 515 * ms}}, []Window{window(490*ms, 520*ms, 2)}},
		{"one that took long joins others", []loss{{10 * ms, 20 * ms, 0}, {500 * ms, 510 * ms, 400 * ms}, {15 * ms, 2000 * ms, 1900 * ms}},
			[]Window{window(10*ms, 2000*ms, 3)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d downtime
			for _, l := range tt.lost {
				d.lost(l.from, l.to, l.answered)
			}
			if !reflect.DeepEqual([]Window(d), tt.want) {
				t.Errorf("%v, want %v", d, tt.want)
			}
		})
	}
}

// What a server, and systemd, can make the timeline remember is bounded, and nothing is left out of the counts.
func TestTimelineIsBounded(t *testing.T) {
	rec := newRecorder()
	rec.loadBegins()
	post := rec.tally(Post, 1)
	for i := range 10_000 {
		start := rec.origin.Add(time.Duration(i) * time.Second)
		post.request(start, start.Add(ms), "", nil)
		post.request(start.Add(500*ms), start.Add(501*ms), "", &failure{EOF, errText("EOF")})
		rec.event(start, "x.service", "ready")
	}
	rec.now = func() time.Time { return rec.origin.Add(10_000 * time.Second) }
	rec.loadEnded()
	tl := rec.timeline()
	if len(tl.Slots) > maxSlots || len(tl.Events) != maxEvents || len(tl.Downtime) != maxWindows {
		t.Errorf("%d slots, %d events, %d windows", len(tl.Slots), len(tl.Events), len(tl.Downtime))
	}
	if n := Millis(len(tl.Slots)) * tl.Step; n < tl.Length || n-tl.Step >= tl.Length {
		t.Errorf("%d slots of %v for %v", len(tl.Slots), tl.Step, tl.Length)
	}
	var failed, inWindows uint64
	for _, s := range tl.Slots {
		failed += s.Failed
	}
	for _, w := range tl.Downtime {
		inWindows += w.Failed
	}
	if failed != 10_000 || inWindows != 10_000 {
		t.Errorf("%d failed in the slots, %d in the windows", failed, inWindows)
	}
}

// A real drill: the slots hold what the table holds, and the losses lie while the command ran.
func TestTimelineOfADrill(t *testing.T) {
	t.Parallel()
	s := newFaulty(t)
	r := drilled(t, Config{Clients: []Client{{Fresh, 4, s.url()}}, Before: 100 * ms, After: 100 * ms}, s.inject(closeUnread, 7))
	tl := r.Timeline
	var sum Slot
	for _, slot := range tl.Slots {
		sum.Answered += slot.Answered
		sum.Failed += slot.Failed
		sum.Closed += slot.Closed
		sum.Longest = max(sum.Longest, slot.Longest)
	}
	want := Slot{r.Total.Requests - r.Total.Failed, 7, 7, max(r.Total.Before.Longest, r.Total.During.Longest, r.Total.After.Longest)}
	if sum != want {
		t.Errorf("the slots hold %+v, want %+v", sum, want)
	}
	if len(tl.Events) != 2 || tl.Events[0].What != "command began" || tl.Events[1].What != "command ended" ||
		tl.Events[1].At-tl.Events[0].At != r.Command.Duration {
		t.Errorf("events %v, the command took %v", tl.Events, r.Command.Duration)
	}
	for _, w := range tl.Downtime {
		if w.Kind != Fresh || w.To <= tl.Events[0].At || w.From >= tl.Events[1].At || w.To > tl.Length {
			t.Errorf("window %v is not while the command ran, %v", w, tl.Events)
		}
	}
	if len(tl.Downtime) == 0 {
		t.Error("no downtime")
	}
}
