package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"sync"
)

// What /download gives: the same in every version.
const (
	downloadBlocks = 80
	blockSize      = 64 << 10 // bytes
)

var downloadBlock = bytes.Repeat([]byte("nodrop, "), blockSize/8)

// downloadDigest is its hash, as RFC 9530 has it in a header.
var downloadDigest = sync.OnceValue(func() string {
	hash := sha256.New()
	for range downloadBlocks {
		hash.Write(downloadBlock)
	}
	return "sha-256=:" + base64.StdEncoding.EncodeToString(hash.Sum(nil)) + ":"
})

// download gives 5 MiB and their hash, so that a client knows that every byte
// came through. The client may take its time.
func download(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.Itoa(downloadBlocks*blockSize))
	h.Set("Repr-Digest", downloadDigest())
	for range downloadBlocks {
		if allow(w, stallTimeout) != nil {
			return
		}
		if _, err := w.Write(downloadBlock); err != nil {
			return
		}
	}
}
