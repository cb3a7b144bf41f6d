package main

import (
	"bufio"
	"net"
	"net/http"
)

// named says in every response which version gave it.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", version)
		next.ServeHTTP(w, r)
	})
}

// recorder notes the status code of a response. What a handler may want beyond
// http.ResponseWriter (flush, deadlines), http.ResponseController finds by
// Unwrap.
type recorder struct {
	http.ResponseWriter
	code int // 0 until the header is written
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(code int) {
	if r.code == 0 && code >= 200 { // 1xx are notes on the way, not the reply
		r.code = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.code == 0 {
		r.code = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Hijack is how a handler takes the connection for another protocol.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.code = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// status is the code the client got: a handler that writes nothing says 200.
func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK
	}
	return r.code
}
