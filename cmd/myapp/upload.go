package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// upload is the handler of /upload: it reads the body, keeps none of it, and
// replies with its length and hash, so that a client knows that every byte came
// through.
type upload struct {
	limit int64         // bytes in a body
	stall time.Duration // between two parts of it
}

// receipt is what it says about what it got.
type receipt struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (u upload) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > u.limit {
		u.tooLong(w)
		return
	}
	hash := sha256.New()
	n, err := io.Copy(hash, patient{w, http.MaxBytesReader(w, r.Body, u.limit), u.stall})
	var limit *http.MaxBytesError
	switch {
	case errors.As(err, &limit):
		u.tooLong(w)
	case errors.Is(err, os.ErrDeadlineExceeded):
		http.Error(w, fmt.Sprintf("nothing came for %s", u.stall), http.StatusRequestTimeout)
	case err != nil:
		http.Error(w, "reading the body: "+err.Error(), http.StatusBadRequest)
	default:
		writeJSON(w, receipt{n, hex.EncodeToString(hash.Sum(nil))})
	}
}

func (u upload) tooLong(w http.ResponseWriter) {
	http.Error(w, fmt.Sprintf("the body is longer than %d bytes", u.limit), http.StatusRequestEntityTooLarge)
}
