package activator

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// await waits for something to come in, and has the program started then.
func (l *life) await() {
	emit(&l.Config, Event{Kind: Waiting, Text: "waiting for a first connection"})
	woken, wake, err := os.Pipe()
	if err != nil { // out of descriptors, say: an early start is better than none
		emit(&l.Config, Event{Kind: Failed, Text: "waiting for a connection: " + err.Error()})
		l.begin()
		return
	}
	var polling sync.WaitGroup
	polling.Go(func() {
		defer woken.Close()
		poll(int(woken.Fd()), l.public())
		l.input <- struct{}{}
	})
	l.unwatch = sync.OnceFunc(func() {
		wake.Close()
		polling.Wait()
		select {
		case <-l.input:
		default: // it is why we are here
		}
	})
}

// poll returns when something is there to be accepted or read, of which it takes
// nothing, or when the other end of the pipe woken is closed.
func poll(woken int, sockets []*bound) {
	fds := []unix.PollFd{{Fd: int32(woken), Events: unix.POLLIN}}
	for _, b := range sockets {
		fds = append(fds, unix.PollFd{Fd: int32(b.fd), Events: unix.POLLIN})
	}
	for {
		_, err := unix.Poll(fds, -1)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
