package drill

import (
	"reflect"
	"testing"
	"time"
)

func seconds(s float64) Millis { return Millis(s * float64(time.Second)) }

func TestStretches(t *testing.T) {
	tests := []struct {
		name   string
		events []Event
		want   []stretch
	}{
		{"a standby", []Event{{1e9, "", "starting"}, {2e9, "", "ready"}, {3e9, "", "stopping"}, {4e9, "", "gone"}},
			[]stretch{{1e9, 2e9, "starting"}, {2e9, 3e9, "serving"}, {3e9, 4e9, "draining"}}},
		{"main", []Event{{1e9, "", "stopping"}, {2e9, "", "gone"}, {3e9, "", "ready"}},
			[]stretch{{0, 1e9, "serving"}, {1e9, 2e9, "draining"}, {3e9, 9e9, "serving"}}},
		{"killed", []Event{{1e9, "", "failed"}}, []stretch{{0, 1e9, "serving"}}},
		{"ready twice", []Event{{1e9, "", "ready"}, {2e9, "", "ready"}}, []stretch{{1e9, 9e9, "serving"}}},
		{"nothing known", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := stretches(tt.events, 9e9); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func TestOutages(t *testing.T) {
	got := outages([]Window{
		{Kind: Post, From: seconds(5), To: seconds(6), Failed: 1},
		{Kind: Fresh, From: seconds(1), To: seconds(3), Failed: 2},
		{Kind: Post, From: seconds(2), To: seconds(4), Failed: 4},
		{Kind: TLS, From: seconds(2), To: seconds(2.5), Failed: 8},
	})
	want := []Window{{Fresh, seconds(1), seconds(4), 14}, {Post, seconds(5), seconds(6), 1}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A single failure is seen, however long the drill; nothing that was counted gets lost between slots and columns.
func TestColumns(t *testing.T) {
	tl := Timeline{Length: seconds(599.5), Step: seconds(1), Slots: make([]Slot, 600)}
	for i := range tl.Slots {
		tl.Slots[i].Answered = 10
	}
	tl.Slots[599].Answered = 5
	tl.Slots[77].Failed = 1
	p := &picture{left: 0, right: 300, length: time.Duration(tl.Length)}
	columns := p.columns(tl)
	if len(columns) != 150 {
		t.Errorf("%d columns, want one for each two pixels", len(columns))
	}
	var answered float64
	var failed uint64
	for _, c := range columns {
		answered += c.answered * time.Duration(c.to-c.from).Seconds()
		failed += c.failed
	}
	if answered < 5994.9 || answered > 5995.1 || failed != 1 {
		t.Errorf("%.1f answered, %d failed; want 5995 and 1", answered, failed)
	}
	if d := p.bars(columns, 30, func(c column) float64 { return 30 - atLeast(c.failed, 0.01) }); d != "M38 28H40V30H38z" {
		t.Errorf("the bar of a single failure is %q", d)
	}
}

func TestNiceAbove(t *testing.T) {
	for f, want := range map[float64]float64{0: 1, 1: 1, 1.1: 2, 3: 5, 7: 10, 10: 10, 499: 500, 501: 1000, 0.03: 0.05} {
		if got := niceAbove(f); got < want*0.999 || got > want*1.001 {
			t.Errorf("niceAbove(%g) = %g, want %g", f, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	for name, want := range map[string]string{"myapp": "myapp", "größer": "größer", "größereinheit": "grö…eit"} {
		if got := shorten(name, 7); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
