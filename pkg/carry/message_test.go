package carry

import (
	"reflect"
	"syscall"
	"testing"
)

func rights(fds []int) []byte { return syscall.UnixRights(fds...) }

func TestBatchRoundTrip(t *testing.T) {
	for _, want := range []batch{
		{metas: []meta{{kind: "http"}}},
		{blind: true, metas: []meta{{"ws", []byte("state")}, {"", []byte{0}}}},
		{state: true, metas: []meta{{"keys", []byte("secret")}}},
	} {
		descriptors := len(want.metas)
		if want.state {
			descriptors = 0
		}
		got, err := parseBatch(want.marshal(), descriptors)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v became %+v, %v", want, got, err)
		}
		if _, err := parseBatch(want.marshal(), descriptors+1); err == nil {
			t.Error("a descriptor too many was not noticed")
		}
	}
}

func FuzzParseBatch(f *testing.F) {
	f.Add(batch{metas: []meta{{kind: "http"}}}.marshal(), 1)
	f.Add(batch{blind: true, metas: []meta{{"ws", []byte("state")}, {"", nil}}}.marshal(), 2)
	f.Add(batch{state: true, metas: []meta{{"keys", []byte("secret")}}}.marshal(), 0)
	f.Add([]byte(magic), 0)
	f.Fuzz(func(t *testing.T, p []byte, descriptors int) {
		b, err := parseBatch(p, descriptors)
		if err != nil {
			return
		}
		if len(b.metas) != descriptors && !(b.state && len(b.metas) == 1 && descriptors == 0) {
			t.Fatalf("%+v with %d descriptors", b, descriptors)
		}
		if again := b.marshal(); string(again) != string(p) {
			t.Errorf("%q was read as %q", p, again)
		}
	})
}

func FuzzParseAnswer(f *testing.F) {
	f.Add(answer(200))
	f.Fuzz(func(t *testing.T, p []byte) {
		if n, err := parseAnswer(p); err == nil && string(answer(n)) != string(p) {
			t.Errorf("%q was read as %d", p, n)
		}
	})
}
