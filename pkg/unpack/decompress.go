package unpack

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/xi2/xz"
)

// maxWindow bounds the memory of a decompressor. xz -9 and zstd -19 --long need no more.
const maxWindow = 128 << 20

// decompress calls read with what r holds, unpacked; the compression is known by its first bytes. Data of any other kind is
// handed on as it is.
func decompress(r io.Reader, read func(io.Reader) error) error {
	in := bufio.NewReader(r)
	head, err := in.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	out := io.Reader(in)
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		out, err = gzip.NewReader(in)
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		out, err = xz.NewReader(in, maxWindow)
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		var z *zstd.Decoder
		if z, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow)); err == nil {
			defer z.Close()
		}
		out = z
	case bytes.HasPrefix(head, []byte("BZh")):
		out = bzip2.NewReader(in)
	case bytes.HasPrefix(head, []byte("\x5d\x00\x00")):
		return errors.New("it is compressed with lzma, which is not supported; build it with xz or zstd")
	default:
		err = nil
	}
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	out = &bounded{out, maxUnpacked}
	if err := read(out); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, out) // the checksum comes last
	return err
}

// bounded is a reader that fails after so many bytes.
type bounded struct {
	io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
