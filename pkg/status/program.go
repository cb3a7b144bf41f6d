package status

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"
)

// Program is what an instance runs, compared with what is installed now. It is
// empty where that cannot be told: without root, of another user's process.
type Program string

// A process keeps the program that it was started with, whatever is installed
// after that.
const (
	Installed Program = "installed" // what is installed
	Replaced  Program = "replaced"  // another one, which is not there any more
)

func programOf(pid int) Program {
	link := fmt.Sprintf("/proc/%d/exe", pid)
	path, err := os.Readlink(link)
	if err != nil {
		return ""
	}
	path, deleted := strings.CutSuffix(path, " (deleted)") // proc(5)
	if !deleted {
		return Installed
	}
	// A reinstallation, or a fallback, puts the same program in its place anew.
	old, err := hash(link)
	if err != nil {
		return ""
	}
	if now, err := hash(path); err != nil || !bytes.Equal(old, now) {
		return Replaced
	}
	return Installed
}

func hash(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	h := sha256.New()
	_, err = io.Copy(h, file)
	return h.Sum(nil), err
}
