package drill

import (
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// echo sends messages back, twisted or not.
func (s *streaming) echo(w http.ResponseWriter, r *http.Request) {
	s.opened.Add(1)
	s.open.Add(1)
	defer s.open.Add(-1)
	conn, rw, _, err := ws.HTTPUpgrader{Header: http.Header{"X-Version": {"1"}}}.Upgrade(r, w)
	if err != nil {
		return
	}
	defer conn.Close()
	var held []byte
	write := func(p []byte) { wsutil.WriteServerText(conn, p) }
	bye := func(code ws.StatusCode) {
		ws.WriteFrame(conn, ws.NewCloseFrame(ws.NewCloseFrameBody(code, "")))
		s.drain(conn, rw)
	}
	for {
		p, err := wsutil.ReadClientText(struct {
			io.Reader
			io.Writer
		}{rw, conn})
		if err != nil {
			return
		}
		tw := s.twist()
		if tw == swap {
			held = p
			continue
		}
		switch tw {
		case lose:
			continue
		case repeat:
			write(p)
		case alter:
			p = []byte("not " + string(p))
		case odd:
			p = []byte("4000000000")
		case ping:
			ws.WriteFrame(conn, ws.NewPingFrame([]byte("there?")))
		case rst:
			conn.(*net.TCPConn).SetLinger(0)
			return
		case cut:
			conn.(*net.TCPConn).CloseWrite()
			s.drain(conn, rw)
			return
		case part:
			conn.Write([]byte{0x81, 9, '1'})
			conn.(*net.TCPConn).CloseWrite()
			s.drain(conn, rw)
			return
		case slow:
			time.Sleep(pause)
			conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			rw.Peek(rw.Reader.Size()) // all that has come; a header has 6 bytes
			conn.SetReadDeadline(time.Time{})
			s.most.Store(int64(rw.Reader.Buffered()/(6+len(p)) + 1))
		}
		write(p)
		if held != nil {
			write(held)
			held = nil
		}
		switch tw {
		case away:
			bye(ws.StatusGoingAway)
			return
		case fault1011:
			bye(ws.StatusInternalServerError)
			return
		case straight, ping:
			s.good.Add(1)
		}
	}
}

// drain counts the messages that still come.
func (s *streaming) drain(conn net.Conn, r io.Reader) {
	for {
		h, err := ws.ReadHeader(r)
		if err != nil {
			return
		}
		if h.OpCode == ws.OpText {
			s.dropped.Add(1)
		}
		io.CopyN(io.Discard, r, h.Length)
	}
}
