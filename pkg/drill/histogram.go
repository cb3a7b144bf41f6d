package drill

import (
	"math"
	"math/bits"
	"time"
)

// subBits sets the histogram's resolution: 2^subBits buckets for each doubling, so that a bucket is less
// than 1.6 % wide.
const subBits = 6

// histogram holds waits in bounded memory: exact to 1 µs below 128 µs, to 1.6 % above; the longest is exact.
// The zero value is empty.
type histogram struct {
	counts  []uint64
	n       uint64
	longest time.Duration
}

func (h *histogram) add(d time.Duration) {
	i := bucket(d)
	h.grow(i + 1)
	h.counts[i]++
	h.n++
	h.longest = max(h.longest, d)
}

// merge adds everything that o holds.
func (h *histogram) merge(o *histogram) {
	h.grow(len(o.counts))
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.longest = max(h.longest, o.longest)
}

// quantile returns the wait that a share q of all waits does not exceed, 0 if there are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(h.n)))
	var seen uint64
	for i, n := range h.counts {
		if seen += n; n > 0 && seen >= rank {
			return min(upper(i), h.longest)
		}
	}
	return 0
}

func (h *histogram) grow(n int) {
	if n > len(h.counts) {
		h.counts = append(h.counts, make([]uint64, n-len(h.counts))...)
	}
}

// bucket is the index of d's bucket: the power of two in the upper bits, the next subBits bits of d below.
func bucket(d time.Duration) int {
	us := uint64(max(d, 0) / time.Microsecond)
	shift := max(bits.Len64(us)-subBits-1, 0)
	return shift<<subBits + int(us>>shift)
}

// upper is the longest wait that falls into bucket i.
func upper(i int) time.Duration {
	shift := max(i>>subBits-1, 0)
	mantissa := i - shift<<subBits
	return time.Duration((mantissa+1)<<shift)*time.Microsecond - 1
}
