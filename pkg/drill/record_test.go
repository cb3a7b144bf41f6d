package drill

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var a, b histogram
	var all []time.Duration
	for i := range 10_000 {
		d := time.Duration(random.ExpFloat64() * float64(20*time.Millisecond))
		all = append(all, d)
		if i%3 == 0 {
			a.add(d)
		} else {
			b.add(d)
		}
	}
	a.merge(&b)
	slices.Sort(all)
	for _, q := range []float64{0.001, 0.5, 0.99, 0.999, 1} {
		exact := all[max(int(q*float64(len(all)))-1, 0)]
		if got := a.quantile(q); got < exact || float64(got) > float64(exact)*1.016+float64(time.Microsecond) {
			t.Errorf("quantile %v is %v, exactly it is %v", q, got, exact)
		}
	}
	if a.longest != all[len(all)-1] {
		t.Errorf("longest %v, want %v", a.longest, all[len(all)-1])
	}
	if got := new(histogram).quantile(0.5); got != 0 {
		t.Errorf("the median of nothing is %v", got)
	}
}

func TestHistogramBuckets(t *testing.T) {
	for _, d := range []time.Duration{-1, 0, 1, time.Microsecond, 127 * time.Microsecond, 128 * time.Microsecond,
		129 * time.Microsecond, time.Millisecond, time.Second, 30 * time.Second, time.Hour} {
		i := bucket(d)
		if d > upper(i) || i > 0 && d <= upper(i-1) {
			t.Errorf("%v is in bucket %d, which goes from %v to %v", d, i, upper(i-1), upper(i))
		}
	}
}

func TestPhaseOf(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	tests := []struct {
		name       string
		start, end int
		began      int // 0: not yet
		ended      int
		want       phase
	}{
		{"no command yet", 1, 2, 0, 0, before},
		{"before", 1, 2, 3, 0, before},
		{"into the command", 1, 4, 3, 0, during},
		{"into the command that has ended since", 1, 4, 3, 5, during},
		{"while it runs", 4, 5, 3, 0, during},
		{"across all of it", 1, 9, 3, 5, during},
		{"out of the command", 4, 9, 3, 5, during},
		{"after", 6, 9, 3, 5, after},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r recorder
			if tt.began > 0 {
				r.began = at(tt.began)
			}
			if tt.ended > 0 {
				r.ended = at(tt.ended)
			}
			if got := r.phaseOf(at(tt.start), at(tt.end)); got != tt.want {
				t.Errorf("phase %d, want %d", got, tt.want)
			}
		})
	}
}

func TestClassify(t *testing.T) {
	op := func(op string, err error) error {
		return fmt.Errorf("around: %w", &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(op, err)})
	}
	tests := []struct {
		err  error
		at   stage
		want Failure
		text string
	}{
		{op("connect", syscall.ECONNREFUSED), unsent, Refused, "connect: connect: connection refused"},
		{op("dial", syscall.ENOENT), unsent, Refused, "dial: dial: no such file or directory"},
		{op("dial", syscall.EAGAIN), unsent, Refused, "dial: dial: resource temporarily unavailable"},
		{op("read", syscall.ECONNRESET), started, Reset, "read: read: connection reset by peer"},
		{op("read", syscall.ECONNRESET), sent, Reset, "read: read: connection reset by peer"},
		{op("read", syscall.ECONNRESET), unsent, ResetUnsent, "read: read: connection reset by peer"},
		{op("write", syscall.EPIPE), unsent, ResetUnsent, "write: write: broken pipe"},
		{io.EOF, sent, EOF, "EOF"},
		{io.EOF, unsent, EOFUnsent, "EOF"},
		{io.ErrUnexpectedEOF, started, Short, "unexpected EOF"},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, started, Timeout, "read: i/o timeout"},
		{&net.DNSError{Err: "no such host", Name: "x"}, unsent, Other, "lookup x: no such host"},
		{errors.New("malformed"), started, Other, "malformed"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.err, tt.at), func(t *testing.T) {
			f := fail(tt.err, tt.at)
			if f.kind != tt.want || f.text() != tt.text {
				t.Errorf("%s %q, want %s %q", f.kind, f.text(), tt.want, tt.text)
			}
		})
	}
}

// What a server can make the recorder remember is bounded.
func TestRecorderIsBounded(t *testing.T) {
	rec := newRecorder()
	tl := rec.tally(Post, 1)
	now := time.Now()
	for i := range 1000 {
		tl.request(now, now, fmt.Sprint(i), nil)
		tl.request(now, now, "", fail(fmt.Errorf("error %d", i), sent))
	}
	var r Report
	r.fill(rec)
	if len(r.Versions.Before) != maxVersions || len(r.Errors) != maxErrors {
		t.Errorf("%d versions, %d errors", len(r.Versions.Before), len(r.Errors))
	}
	if r.Total.Requests != 2000 || r.Total.Failed != 1000 {
		t.Errorf("%d requests, %d failed", r.Total.Requests, r.Total.Failed)
	}
}
