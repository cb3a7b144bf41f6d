package activator

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/nodrop/nodrop/pkg/activation"
)

// programs are what tests run.
var programs = map[string]func(){
	"talker":   func() { talk(true) },
	"silent":   func() { talk(false) },
	"fails":    func() { fmt.Println("cannot start"); os.Exit(7) },
	"succeeds": func() {},
	"hangs":    func() { daemon.SdNotify(false, "STATUS=waiting for godot"); select {} },
	"stubborn": func() { signal.Ignore(syscall.SIGTERM); talk(true) },
	"children": children,
	"echoes":   echoes,
	"notifies": func() { daemon.SdNotify(false, "READY=1") },
}

// talk answers lines on all stream sockets: what it is asked for.
func talk(notify bool) {
	environment = os.Environ()
	sockets, err := activation.Listeners()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if notify {
		daemon.SdNotify(false, "READY=1\nSTATUS=talking")
	}
	for _, l := range sockets {
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go converse(c)
			}
		}()
	}
	select {}
}

var environment []string // as it was before the sockets were taken

func converse(c net.Conn) {
	defer c.Close()
	line, _ := bufio.NewReader(c).ReadString('\n')
	word, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch word {
	case "pid":
		fmt.Fprintln(c, os.Getpid())
	case "env":
		for _, entry := range environment {
			if value, ok := strings.CutPrefix(entry, argument+"="); ok {
				fmt.Fprintln(c, value)
			}
		}
	case "directory":
		dir, _ := os.Getwd()
		fmt.Fprintln(c, dir)
	case "notify":
		daemon.SdNotify(false, argument)
	case "barrier":
		fmt.Fprintln(c, barrier())
	case "exit":
		status, _ := strconv.Atoi(argument)
		os.Exit(status)
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "fork": // a child that outlives us unless it is ended
		cmd := exec.Command("sleep", "600")
		fmt.Fprintln(c, cmd.Start(), cmd.Process.Pid)
	case "input":
		n, err := os.Stdin.Read(make([]byte, 1))
		fmt.Fprintln(c, n, err)
	}
}

// children leaves it to a child to say that it is ready.
func children() {
	child := exec.Command(os.Args[0])
	os.WriteFile(os.Getenv(asProgram), []byte("notifies"), 0o644)
	fmt.Println(child.Run())
	select {}
}

// echoes sends datagrams back, with its process id.
func echoes() {
	sockets, err := activation.Take(nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	conns, err := sockets.ListenPacket("x", "")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	daemon.SdNotify(false, "READY=1")
	p := make([]byte, 1500)
	for {
		n, from, err := conns[0].ReadFrom(p)
		if err != nil {
			return
		}
		conns[0].WriteTo(fmt.Appendf(p[:n], " %d", os.Getpid()), from)
	}
}

// barrier sends BARRIER=1 with a descriptor, as sd_notify_barrier(3) does, and
// returns how reading from the other end of it ends.
func barrier() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	to := &net.UnixAddr{Name: os.Getenv("NOTIFY_SOCKET"), Net: "unixgram"}
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	if _, _, err := c.WriteMsgUnix([]byte("BARRIER=1"), syscall.UnixRights(int(w.Fd())), to); err != nil {
		return err
	}
	w.Close()
	r.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err = r.Read(make([]byte, 1))
	return err
}
