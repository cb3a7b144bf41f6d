package unpack

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

const arMagic = "!<arch>\n"

// archive is an ar archive, member after member. Names are short: a deb has no others (deb(5)).
type archive struct {
	r      *bufio.Reader
	member *io.LimitedReader // the current one
	pad    int               // bytes between it and the next: one after an odd size
}

func newArchive(r *bufio.Reader) (*archive, error) {
	if _, err := r.Discard(len(arMagic)); err != nil {
		return nil, err
	}
	return &archive{r: r, member: &io.LimitedReader{R: r}}, nil
}

// next returns the name and content of the next member.
func (a *archive) next() (string, io.Reader, error) {
	if err := a.skip(); err != nil {
		return "", nil, err
	}
	if _, err := a.r.Discard(a.pad); err != nil {
		return "", nil, err
	}
	var header [60]byte
	if _, err := io.ReadFull(a.r, header[:]); err != nil {
		return "", nil, err
	}
	size, err := strconv.ParseUint(strings.TrimRight(string(header[48:58]), " "), 10, 40)
	if err != nil || string(header[58:]) != "`\n" {
		return "", nil, errors.New("the ar archive is damaged")
	}
	name := strings.TrimSuffix(strings.TrimRight(string(header[:16]), " "), "/")
	a.member.N, a.pad = int64(size), int(size%2)
	return name, a.member, nil
}

// skip reads the current member to its end.
func (a *archive) skip() error {
	_, err := io.Copy(io.Discard, a.member)
	if err == nil && a.member.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return err
}
