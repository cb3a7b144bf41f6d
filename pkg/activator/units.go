package activator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodrop/nodrop/pkg/units"
)

// FromUnits reads the configuration from the .service and .socket units in dir:
// sockets, ExecStart=, environment, time-outs, watchdog, restart and the options
// in [X-Nodrop]. Where there are several services, name says which, with or
// without ".service".
//
// Errors name the file, and the line when there is one.
func FromUnits(dir, name string) (Config, error) {
	service, err := findService(dir, name)
	if err != nil {
		return Config{}, err
	}
	r := reader{service: service, applied: map[string]bool{}}
	cfg := r.config()
	cfg.NotApplied = r.left()
	if service.Soak > 0 {
		cfg.NotApplied = append(cfg.NotApplied, "Soak")
	}
	return cfg, r.err
}

func findService(dir, name string) (*units.Service, error) {
	set, err := readUnits(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range set.Services {
		if s.Name == name || s.Stem() == name || name == "" && len(set.Services) == 1 {
			return s, nil
		}
		names = append(names, s.Name)
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("reading units: no .service in %s", dir)
	case name == "":
		return nil, fmt.Errorf("reading units: there are several services in %s, say which: %s", dir, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("reading units: no service %q in %s; there are: %s", name, dir, strings.Join(names, ", "))
}

func readUnits(dir string) (*units.Set, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading units: %w", err)
	}
	var all []*units.Unit
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext != ".service" && ext != ".socket" {
			continue
		}
		path := filepath.Join(dir, e.Name())
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading units: %w", err)
		}
		u, err := units.Parse(e.Name(), path, data)
		if err != nil {
			return nil, err
		}
		if !strings.Contains(string(data), units.Generated) { // companions are not the user's units
			all = append(all, u)
		}
	}
	return units.NewSet(all)
}

// reader makes a configuration of a service. The first error stays.
type reader struct {
	service *units.Service
	applied map[string]bool // keys of the service
	err     error
}

func (r *reader) fail(u *units.Unit, line int, err error) {
	if r.err == nil {
		r.err = u.Errorf(line, "%w", err)
	}
}

// get is the last word of the service on a key of [Service], specifiers
// resolved.
func (r *reader) get(key string) (units.Entry, bool) {
	r.applied[key] = true
	e, ok := r.service.Get("Service", key)
	e.Value = r.expand(e)
	return e, ok
}

func (r *reader) list(key string) []units.Entry {
	r.applied[key] = true
	list := r.service.List("Service", key)
	for i, e := range list {
		list[i].Value = r.expand(e)
	}
	return list
}

// expand resolves the specifiers that stand for the unit's name, and refuses the
// others.
func (r *reader) expand(e units.Entry) string {
	value := strings.ReplaceAll(r.service.Expand(e.Value), "%%", "\x00")
	if i := strings.IndexByte(value, '%'); i >= 0 {
		r.fail(r.service.Unit, e.Line, fmt.Errorf("%s=%s: of specifiers, only those for the unit's name are resolved here", e.Key, e.Value))
	}
	return strings.ReplaceAll(value, "\x00", "%")
}

func (r *reader) config() Config {
	cfg := Config{
		Dir: r.directory(), Type: r.kind(), Access: r.access(), Restart: r.restart(),
		StartTimeout: r.limit("TimeoutStartSec"), StopTimeout: r.limit("TimeoutStopSec"),
		RestartDelay: r.span("RestartSec"), Watchdog: r.span("WatchdogSec"),
		Carry: r.service.Carries(), Exclusive: r.service.Strategy == units.Restart,
	}
	if both := r.limit("TimeoutSec"); both != 0 {
		cfg.StartTimeout, cfg.StopTimeout = both, both
	}
	if cfg.Watchdog == forever {
		cfg.Watchdog = 0
	}
	cfg.Env = r.environment()
	cfg.Program = r.program(cfg.Env)
	for _, s := range r.service.Sockets {
		cfg.Sockets = append(cfg.Sockets, r.sockets(s)...)
	}
	r.applied["Sockets"] = true
	return cfg
}

// span is a time; 0 when the key is absent.
func (r *reader) span(key string) time.Duration {
	e, ok := r.get(key)
	if !ok {
		return 0
	}
	d, err := parseSpan(e.Value)
	if err != nil {
		r.fail(r.service.Unit, e.Line, fmt.Errorf("%s=%s: %w", key, e.Value, err))
	}
	return d
}

// limit is a time of which 0 means that there is no limit.
func (r *reader) limit(key string) time.Duration {
	d := r.span(key)
	if _, ok := r.get(key); ok && d == 0 {
		return forever
	}
	return d
}

func (r *reader) kind() Type {
	e, _ := r.get("Type")
	switch e.Value {
	case "notify", "notify-reload":
		return Notify
	case "", "simple", "exec":
		return Exec
	}
	r.fail(r.service.Unit, e.Line, fmt.Errorf("%s=%s cannot be run here: notify, exec and simple can", e.Key, e.Value))
	return Auto
}

func (r *reader) access() Access {
	if e, _ := r.get("NotifyAccess"); e.Value == "all" {
		return All
	}
	return Main
}

// restart is the policy. Those that tell failures apart start the program again
// after any here.
func (r *reader) restart() Restart {
	e, _ := r.get("Restart")
	switch e.Value {
	case "", "no":
		return Never
	case "on-failure", "on-abnormal", "on-abort", "on-watchdog":
		return OnFailure
	case "always", "on-success":
		return Always
	}
	r.fail(r.service.Unit, e.Line, fmt.Errorf("%s=%s is unknown", e.Key, e.Value))
	return Never
}

func (r *reader) directory() string {
	e, _ := r.get("WorkingDirectory")
	dir, optional := strings.CutPrefix(e.Value, "-")
	if dir == "~" {
		dir, _ = os.UserHomeDir()
	}
	if _, err := os.Stat(dir); optional && err != nil {
		return ""
	}
	return dir
}

func (r *reader) environment() []string {
	var env []string
	for _, e := range r.list("Environment") {
		words, err := splitWords(e.Value)
		if err != nil {
			r.fail(r.service.Unit, e.Line, fmt.Errorf("%s=%s: %w", e.Key, e.Value, err))
		}
		env = append(env, words...)
	}
	for _, e := range r.list("EnvironmentFile") {
		path, optional := strings.CutPrefix(e.Value, "-")
		text, err := os.ReadFile(path)
		if err != nil && !optional {
			r.fail(r.service.Unit, e.Line, fmt.Errorf("%s=: %w", e.Key, err))
		}
		env = append(env, parseEnvironment(string(text))...)
	}
	return env
}

// program is ExecStart=, nil if there is none.
func (r *reader) program(env []string) []string {
	list := r.list("ExecStart")
	if len(list) == 0 {
		return nil
	}
	e := list[0]
	words, err := splitWords(strings.TrimLeft(e.Value, "-:+!"))
	switch {
	case err != nil:
	case len(list) > 1:
		err = errors.New("several commands: one can be run here")
	case len(words) == 0 || strings.HasPrefix(words[0], "@"):
		err = errors.New("no path of a program")
	}
	if err != nil {
		r.fail(r.service.Unit, e.Line, fmt.Errorf("%s=%s: %w", e.Key, e.Value, err))
		return nil
	}
	return substitute(words, append(os.Environ(), env...))
}

// sockets are those of one unit, in the order of its lines.
func (r *reader) sockets(u *units.Socket) []Socket {
	var all []Socket
	var bind string
	if e, ok := u.Get("Socket", "BindIPv6Only"); ok {
		bind = e.Value
	}
	for _, e := range u.Entries("Socket") {
		switch k := kind(e.Key); {
		case k == stream || k == datagram || k == sequentialPacket:
			if e.Value == "" {
				all = nil // as all lines before it
				continue
			}
			s, err := newSocket(u.FileDescriptorName, k, u.Expand(e.Value), bind)
			if err != nil {
				r.fail(u.Unit, e.Line, err)
			}
			s.From = fmt.Sprintf("%s:%d", u.Path, e.Line)
			all = append(all, s)
		case strings.HasPrefix(e.Key, "Listen"):
			r.fail(u.Unit, e.Line, fmt.Errorf("%s= cannot be had here: ListenStream=, ListenDatagram= and ListenSequentialPacket= can", e.Key))
		}
	}
	if e, accept := u.Bool("Socket", "Accept"); accept {
		r.fail(u.Unit, e.Line, fmt.Errorf("%s=%s cannot be had here: a program gets the listening socket", e.Key, e.Value))
	}
	backlog, mode := r.number(u, "Backlog", 10), r.number(u, "SocketMode", 8)
	r.applied["NonBlocking"] = true
	_, nonBlocking := r.service.Bool("Service", "NonBlocking")
	for i := range all {
		all[i].Backlog, all[i].Mode, all[i].NonBlocking = backlog, fs.FileMode(mode), nonBlocking
	}
	return all
}

func (r *reader) number(u *units.Socket, key string, base int) int {
	e, ok := u.Get("Socket", key)
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(e.Value, base, 31)
	if err != nil {
		r.fail(u.Unit, e.Line, fmt.Errorf("%s=%s is no number", key, e.Value))
	}
	return int(n)
}

// immaterial are keys that are applied in any case, or of no consequence here.
var immaterial = []string{"KillMode", "StandardInput"}

// left are the keys of [Service] that were not applied.
func (r *reader) left() []string {
	var keys []string
	for _, e := range r.service.Entries("Service") {
		if !r.applied[e.Key] && !slices.Contains(immaterial, e.Key) && !slices.Contains(keys, e.Key) {
			keys = append(keys, e.Key)
		}
	}
	return keys
}
