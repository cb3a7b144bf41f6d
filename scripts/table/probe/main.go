// Probe tells what a service manager has given to it. It is the program of the
// table in scripts/table.
//
//	probe [ARG...]         serves: an answer to each line on each of its stream sockets
//	probe ask PATH LINE    asks the one at the Unix socket PATH, and prints the answer
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

func main() {
	var err error
	if len(os.Args) == 4 && os.Args[1] == "ask" {
		err = ask(os.Args[2], os.Args[3])
	} else {
		err = serve()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func ask(path, line string) error {
	c, err := net.DialTimeout("unix", path, 20*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintln(c, line)
	_, err = io.Copy(os.Stdout, c)
	return err
}

func serve() error {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return fmt.Errorf("LISTEN_PID=%s, but this is %d", os.Getenv("LISTEN_PID"), os.Getpid())
	}
	report := describe()
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil {
		return err
	}
	for fd := 3; fd < 3+n; fd++ {
		l, err := net.FileListener(os.NewFile(uintptr(fd), ""))
		if err != nil {
			continue // no stream
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				answer(c, report)
			}
		}()
	}
	if _, err := daemon.SdNotify(false, "READY=1\nSTATUS=probing"); err != nil {
		return err
	}
	feedWatchdog()
	select {}
}

// hungry is closed when the watchdog is to be fed no more.
var hungry = make(chan struct{})

func feedWatchdog() {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval == 0 {
		return
	}
	go func() {
		for {
			select {
			case <-time.After(interval / 4):
				daemon.SdNotify(false, "WATCHDOG=1")
			case <-hungry:
				return
			}
		}
	}()
}

func answer(c net.Conn, report string) {
	defer c.Close()
	line, _ := bufio.NewReader(c).ReadString('\n')
	word, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
	switch word {
	case "pid":
		fmt.Fprintln(c, os.Getpid())
	case "exit":
		status, _ := strconv.Atoi(argument)
		os.Exit(status)
	case "starve":
		close(hungry)
	case "report":
		io.WriteString(c, report)
	}
}

// describe is one line for each thing that was given.
func describe() string {
	var lines []string
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for i, name := range names {
		lines = append(lines, "socket "+name+" "+describeSocket(3+i))
	}
	slices.Sort(lines) // the order of socket units is systemd's own affair
	dir, _ := os.Getwd()
	input, _ := io.ReadAll(os.Stdin)
	lines = append(lines,
		"sockets "+os.Getenv("LISTEN_FDS"),
		"arguments "+strings.Join(os.Args[1:], "|"),
		"directory "+dir,
		"colour "+os.Getenv("COLOUR"),
		fmt.Sprintf("input of %d bytes", len(input)),
		"watchdog "+os.Getenv("WATCHDOG_USEC"),
		fmt.Sprintf("watchdog is ours: %v", os.Getenv("WATCHDOG_PID") == strconv.Itoa(os.Getpid())),
		fmt.Sprintf("there is a notify socket: %v", os.Getenv("NOTIFY_SOCKET") != ""),
		fmt.Sprintf("leads a process group: %v", unix.Getpgrp() == os.Getpid()),
	)
	return strings.Join(lines, "\n") + "\n"
}

func describeSocket(fd int) string {
	kind, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	listens, _ := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	text := fmt.Sprintf("type %d, listening %d, blocking %v", kind, listens, flags&unix.O_NONBLOCK == 0)
	addr, _ := unix.Getsockname(fd)
	switch a := addr.(type) {
	case *unix.SockaddrInet4:
		text += fmt.Sprintf(", IPv4 %v port %d", a.Addr, a.Port)
	case *unix.SockaddrInet6:
		text += fmt.Sprintf(", IPv6 %v port %d", net.IP(a.Addr[:]), a.Port)
		if net.IP(a.Addr[:]).IsUnspecified() {
			only, _ := unix.GetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
			text += fmt.Sprintf(", only %d", only)
		}
	case *unix.SockaddrUnix:
		text += ", Unix " + a.Name
		if info, err := os.Stat(a.Name); err == nil {
			text += fmt.Sprintf(" mode %04o", info.Mode().Perm())
		}
	}
	return text
}
