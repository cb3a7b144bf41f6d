package status

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// The journal's messages about a unit (systemd.journal-fields(7), sd-messages.h).
const (
	messageStarting = "7d4958e842da4a758f6c1cdc7b36dcc5"
	messageStarted  = "39f53479d3a045ac8e11786248231fbf"
	messageFailed   = "be02cf6855d2428ba40df7e9d022f03d"
)

// rollout tells of the last run. systemd forgets a unit that ended well, so it is
// the journal that knows, for those who may read that.
func (h host) rollout(ctx context.Context, p properties) *Rollout {
	if p.one("ActiveState") == "activating" {
		return &Rollout{Outcome: "running", Begun: p.time("InactiveExitTimestamp")}
	}
	out, err := h.run(ctx, "journalctl", "--no-pager", "--quiet", "--output=json", "--reverse", "--lines=50", "_PID=1", "UNIT="+p.one("Id"),
		"MESSAGE_ID="+messageStarting, "MESSAGE_ID="+messageStarted, "MESSAGE_ID="+messageFailed)
	if r := lastRun(out); err == nil && r != nil {
		return r
	}
	if p.one("ActiveState") != "failed" {
		return nil
	}
	r := &Rollout{Outcome: "failed", Begun: p.time("InactiveExitTimestamp")}
	if end := p.time("InactiveEnterTimestamp"); r.Begun != nil && end != nil {
		r.Seconds = end.Sub(*r.Begun).Seconds()
	}
	return r
}

// lastRun finds the end of the last run that has ended, and its beginning, in
// journal lines of which the latest is first.
func lastRun(lines string) *Rollout {
	var r *Rollout
	var end time.Time
	for line := range strings.Lines(lines) {
		var entry struct {
			ID   string `json:"MESSAGE_ID"`
			Time string `json:"__REALTIME_TIMESTAMP"` // microseconds
		}
		if json.Unmarshal([]byte(line), &entry) != nil {
			continue
		}
		micros, err := strconv.ParseInt(entry.Time, 10, 64)
		if err != nil {
			continue
		}
		at := time.UnixMicro(micros).UTC()
		switch {
		case r == nil && entry.ID == messageStarted:
			r, end = &Rollout{Outcome: "done"}, at
		case r == nil && entry.ID == messageFailed:
			r, end = &Rollout{Outcome: "failed"}, at
		case r != nil && entry.ID == messageStarting:
			r.Begun, r.Seconds = &at, end.Sub(at).Seconds()
			return r
		}
	}
	return r
}
