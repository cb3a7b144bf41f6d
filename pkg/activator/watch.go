package activator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quietTime is for how long nothing has to change until a change is told of:
// editors and compilers touch a file several times.
const quietTime = 100 * time.Millisecond

// watcher tells of changes to files.
type watcher struct {
	notify  *fsnotify.Watcher
	files   map[string]bool        // these, in whatever directory,
	roots   []string               // and everything below these,
	made    string                 // but for what the build makes
	known   map[string]fs.FileInfo // what there was at the last change
	touched map[string]bool        // since then
	changes chan struct{}
	ended   chan struct{}
}

// watch watches paths, directories with all below them and files; "" stands for
// the program's file, which is left out in directories if a build makes it. A
// file need not exist.
func watch(paths []string, program string, built bool) (*watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watching for changes: %w", err)
	}
	w := &watcher{notify: n, files: map[string]bool{}, known: map[string]fs.FileInfo{}, touched: map[string]bool{}, changes: make(chan struct{}, 1), ended: make(chan struct{})}
	if built {
		w.made = program
	}
	for _, path := range paths {
		if path == "" {
			path = program
		}
		if err := w.add(path); err != nil {
			return nil, errors.Join(fmt.Errorf("watching %s: %w", path, err), n.Close())
		}
	}
	go w.run()
	return w, nil
}

func (w *watcher) add(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		w.roots = append(w.roots, path)
		return w.addTree(path)
	}
	w.files[path] = true
	w.changed(path)
	return w.notify.Add(filepath.Dir(path)) // files are replaced by others of their name
}

// addTree watches a directory and all below it. A directory that disappears
// meanwhile is none.
func (w *watcher) addTree(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != root {
			return nil
		}
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			w.changed(path)
			return nil
		case path != root && passedOver(entry.Name()):
			return fs.SkipDir
		}
		return w.notify.Add(path)
	})
}

// passedOver are names that nobody writes by hand: hidden files, among which
// are editors' own, backups, and the packages of npm.
func passedOver(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || name == "node_modules"
}

func (w *watcher) run() {
	defer close(w.ended)
	quiet := idleTimer()
	for {
		select {
		case e, ok := <-w.notify.Events:
			if !ok {
				return
			}
			if w.counts(e.Name) {
				w.touched[e.Name] = true
				quiet.Reset(quietTime)
			}
		case _, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			w.tell() // events were lost: there may have been a change
		case <-quiet.C:
			if w.look() {
				w.tell()
			}
		}
	}
}

func (w *watcher) tell() {
	select {
	case w.changes <- struct{}{}:
	default: // one that was not looked at yet
	}
}

func (w *watcher) counts(path string) bool {
	if w.files[path] {
		return true
	}
	below := func(root string) bool { return strings.HasPrefix(path, root+"/") }
	return slices.ContainsFunc(w.roots, below) && !passedOver(filepath.Base(path)) && path != w.made
}

// look reports whether anything that was touched is not as it was. Files that
// came and went, as programs make them that replace another one, are no change.
func (w *watcher) look() bool {
	change := false
	for path := range w.touched {
		change = w.changed(path) || change
	}
	clear(w.touched)
	return change
}

// changed compares a file with what is known of it, which it brings up to date.
func (w *watcher) changed(path string) bool {
	old := w.known[path]
	now, err := os.Lstat(path)
	if err != nil {
		delete(w.known, path)
		return old != nil && !w.files[path] // that one will be back
	}
	w.known[path] = now
	if old == nil && now.IsDir() {
		_ = w.addTree(path) // if it is still there
	}
	return old == nil || !os.SameFile(old, now) || !now.IsDir() && (old.Size() != now.Size() || !old.ModTime().Equal(now.ModTime()))
}

func (w *watcher) close() error {
	if w == nil {
		return nil
	}
	err := w.notify.Close()
	<-w.ended
	return err
}
