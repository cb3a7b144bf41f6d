package activator

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// An Event is something that happened in the life of a program, for people
// and, as JSON, for machines.
type Event struct {
	Kind   Kind      `json:"nodrop"`
	Time   time.Time `json:"time"`
	PID    int       `json:"pid,omitempty"`    // of the instance that it is about
	Socket string    `json:"socket,omitempty"` // its name
	Addr   string    `json:"address,omitempty"`
	Status *int      `json:"status,omitempty"` // with which a process ended: 128 + N after signal N
	Text   string    `json:"text"`             // one line, for people
}

// Kind is what happened.
type Kind string

// The kinds of event, in the order of a program's life.
const (
	Listening  Kind = "listening"  // a socket is open
	Note       Kind = "note"       // something to know about
	Waiting    Kind = "waiting"    // for a first connection
	Building   Kind = "building"   // the build command was started
	Starting   Kind = "starting"   // an instance was started
	Status     Kind = "status"     // what an instance says of itself, by STATUS=
	Ready      Kind = "ready"      // an instance serves
	Draining   Kind = "draining"   // an instance was told to stop
	Stopped    Kind = "stopped"    // an instance that was told to stop has ended
	Failed     Kind = "failed"     // a build, a start or a rollout failed; whoever served serves on
	Crashed    Kind = "crashed"    // the instance that served has ended
	Restarting Kind = "restarting" // it will be started again
)

// Loud reports whether the event is bad news.
func (e Event) Loud() bool { return e.Kind == Failed || e.Kind == Crashed }

// WriteText returns a function for [Config].Report that writes a line to w for
// each event, with the word at its beginning coloured if that is asked for.
// What instances say of themselves is left out.
func WriteText(w io.Writer, colour bool) func(Event) {
	var one sync.Mutex
	return func(e Event) {
		if e.Kind == Status {
			return
		}
		prefix := "nodrop:"
		if colour {
			code := "36" // cyan
			if e.Loud() {
				code = "31" // red
			}
			prefix = "\x1b[" + code + "m" + prefix + "\x1b[0m"
		}
		one.Lock()
		defer one.Unlock()
		fmt.Fprintln(w, prefix, e.Text)
	}
}

// WriteJSON is [WriteText] for machines: each event is one line, an object that
// begins with "nodrop".
func WriteJSON(w io.Writer) func(Event) {
	var one sync.Mutex
	return func(e Event) {
		one.Lock()
		defer one.Unlock()
		_ = json.NewEncoder(w).Encode(e) // there is nobody to tell
	}
}

// Colour reports whether f is a terminal whose user does not mind colours
// (https://no-color.org).
func Colour(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// oneLine makes one line of what a program or the system said.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
