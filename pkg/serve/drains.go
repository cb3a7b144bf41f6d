package serve

import (
	"cmp"
	"encoding/json"
	"os"
	"path"
	"slices"
	"strings"
)

// kindDrains is the state by which an instance tells the next one how it and
// those before it have drained: JSON, a list of Drain. Who drains cannot be
// asked any more: its sockets are the next instance's.
const kindDrains = "drains"

// maxDrains bounds what is passed on: one drain for each unit, of which a
// rollout has two.
const maxDrains = 8

// remember keeps a drain, the last of each unit, the newest first. It is called
// with mu held, and reports false for one that is known.
func (h *handover) remember(d Drain) bool {
	if slices.ContainsFunc(h.drains, func(known Drain) bool { return known.Unit == d.Unit && !known.End.Before(d.End) }) {
		return false
	}
	h.drains = append(slices.DeleteFunc(h.drains, func(known Drain) bool { return known.Unit == d.Unit }), d)
	slices.SortFunc(h.drains, func(a, b Drain) int { return cmp.Or(b.End.Compare(a.End), cmp.Compare(a.Unit, b.Unit)) })
	h.drains = h.drains[:min(len(h.drains), maxDrains)]
	return true
}

// takeDrains is what an earlier instance tells.
func (h *handover) takeDrains(state []byte) {
	var told []Drain
	if err := json.Unmarshal(state, &told); err != nil {
		h.log.Warn("what an earlier instance tells of its drain cannot be read", "error", err)
		return
	}
	h.mu.Lock()
	told = slices.DeleteFunc(told, func(d Drain) bool { return !h.remember(d) })
	h.mu.Unlock()
	for _, d := range told {
		h.log.Info("an earlier instance has drained", append([]any{"unit", d.Unit, "adopted", h.adopted.Load()}, d.logged()...)...)
		h.observers.earlier(d)
	}
}

// tell tells the next instance of this one's drain, after run, if there is one. It
// is the last of what that gets: a version that does not know it may end the
// hand-over.
func (h *handover) tell(d Drain) {
	if h == nil || h.sender == nil {
		return
	}
	defer h.sender.Close()
	h.mu.Lock()
	h.remember(d)
	state, err := json.Marshal(h.drains)
	h.mu.Unlock()
	if err == nil {
		err = h.sender.SendState(kindDrains, state)
	}
	if err != nil {
		h.log.Warn("the next instance was not told of this drain", "error", err)
	}
}

// ownUnit is the systemd service of this process (cgroups(7)), "" outside of
// any.
func ownUnit() string {
	text, _ := os.ReadFile("/proc/self/cgroup") // no such file: no unit
	return unitOf(string(text))
}

// unitOf finds the innermost service in the text of /proc/PID/cgroup.
func unitOf(cgroups string) string {
	for line := range strings.Lines(cgroups) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3) // id, controllers, path
		if len(fields) < 3 || fields[1] != "" && fields[1] != "name=systemd" {
			continue
		}
		for dir := fields[2]; len(dir) > 1; dir = path.Dir(dir) {
			if strings.HasSuffix(dir, ".service") {
				return path.Base(dir)
			}
		}
	}
	return ""
}
