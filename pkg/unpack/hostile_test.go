package unpack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// deb makes a deb of the members, given as name and content by turns.
func deb(members ...string) []byte {
	var b bytes.Buffer
	b.WriteString(arMagic)
	for i := 0; i < len(members); i += 2 {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", members[i], 0, 0, 0, 0o100644, len(members[i+1]), members[i+1])
		if len(members[i+1])%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// tarball makes a compressed tar archive of one file.
func tarball(t *testing.T, name string, size int64, content io.Reader) string {
	t.Helper()
	var b strings.Builder
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	err := w.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o644})
	if err == nil {
		_, err = io.Copy(w, content)
	}
	if err := errors.Join(err, w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func text(t *testing.T, name, content string) string {
	t.Helper()
	return tarball(t, name, int64(len(content)), strings.NewReader(content))
}

// empties makes a compressed tar archive of so many empty files.
func empties(t *testing.T, name string, n int) string {
	t.Helper()
	var one, all bytes.Buffer
	err := tar.NewWriter(&one).WriteHeader(&tar.Header{Name: name, Mode: 0o644})
	z, _ := gzip.NewWriterLevel(&all, gzip.BestSpeed)
	for range n {
		_, werr := z.Write(one.Bytes())
		err = errors.Join(err, werr)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// Whatever way a name takes, it is that of a unit or it is not; links and devices are nothing to read.
func TestPaths(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "../../../lib/systemd/system/up.service"},
		{Name: "/usr/lib/systemd/system/../system/round.service"},
		{Name: "lib/systemd/system/../../../etc/shadow.service"},
		{Name: "lib/systemd/system/sub/below.service"},
		{Name: "lib/systemd/system/link.service", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"},
		{Name: "lib/systemd/system/hard.service", Typeflag: tar.TypeLink, Linkname: "etc/shadow"},
		{Name: "lib/systemd/system/null.service", Typeflag: tar.TypeChar},
		{Name: "lib/systemd/system/fifo.service", Typeflag: tar.TypeFifo},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	p, err := Read(bytes.NewReader(deb("debian-binary", "2.0\n", "control.tar.gz", text(t, "control", "Package: app\nVersion: 1\n"), "data.tar", b.String())))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range p.Files {
		got = append(got, f.Path)
	}
	if want := []string{"/lib/systemd/system/up.service", "/usr/lib/systemd/system/round.service"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A file that is of no interest may be as large as it likes: it costs no memory.
func TestBombBesideTheUnits(t *testing.T) {
	const size = 64 << 20
	data := deb("debian-binary", "2.0\n", "control.tar.gz", text(t, "control", "Package: app\nVersion: 1\n"),
		"data.tar.gz", tarball(t, "usr/bin/app", size, io.LimitReader(zeros{}, size)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Read(bytes.NewReader(data)); err != nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 8*maxKept {
		t.Errorf("took %d KiB", took>>10)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// rpmHead makes an rpm header that claims so many entries and bytes.
func rpmHead(entries, size uint32) string {
	b := append([]byte(rpmHeaderMagic), 0, 0, 0, 0)
	return string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, entries), size))
}

// What is no package, or claims what it has not, costs an error and little memory.
func TestHostile(t *testing.T) {
	control := text(t, "control", "Package: app\nVersion: 1\n")
	data := text(t, "x", "x")
	lead := rpmMagic + strings.Repeat("\x00", rpmLead-4)
	big := func(name string) string { return tarball(t, name, 32<<20, io.LimitReader(zeros{}, 32<<20)) }
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "neither a deb nor an rpm"},
		{"text", []byte("hello, this is no package"), "neither a deb nor an rpm"},
		{"ar of something else", deb("a.o/", "code"), `a deb has debian-binary here, this has "a.o"`},
		{"no data.tar", deb("debian-binary", "2.0\n", "control.tar.gz", control), "ends too early"},
		{"no control", deb("debian-binary", "2.0\n", "control.tar.gz", data, "data.tar.gz", data), "no name or no version"},
		{"damaged ar", append(deb("debian-binary", "2.0\n"), bytes.Repeat([]byte("x"), 60)...), "ar archive is damaged"},
		{"negative size in ar", bytes.Replace(deb("debian-binary", "2.0\n"), []byte("4         "), []byte("-4        "), 1), "ar archive is damaged"},
		{"size without data in ar", bytes.Replace(deb("debian-binary", "2.0\n"), []byte("4         "), []byte("9999999999"), 1), "ends too early"},
		{"compression that is none", deb("debian-binary", "2.0\n", "control.tar.gz", "\x1f\x8bnonsense"), "control.tar.gz: unpacking: "},
		{"lzma", deb("debian-binary", "2.0\n", "control.tar.lzma", "\x5d\x00\x00\x80\x00\xff"), "lzma, which is not supported"},
		{"control of 32 MiB", deb("debian-binary", "2.0\n", "control.tar.gz", big("control")), "too large"},
		{"postinst of 32 MiB", deb("debian-binary", "2.0\n", "control.tar.gz", big("postinst")), "reading postinst: it is too large"},
		{"postinst of 2 MiB", deb("debian-binary", "2.0\n", "control.tar.gz", tarball(t, "postinst", 2<<20, io.LimitReader(zeros{}, 2<<20))), "reading postinst: it is too large"},
		{"200,000 files", deb("debian-binary", "2.0\n", "control.tar.gz", control, "data.tar.gz", empties(t, "f", 200_000)), "too large"},
		{"endless name", deb("debian-binary", "2.0\n", "control.tar.gz", control, "data.tar.gz", text(t, strings.Repeat("a/", 3000), "")), "too large"},
		{"unit of 32 MiB", deb("debian-binary", "2.0\n", "control.tar.gz", control, "data.tar.gz", big("lib/systemd/system/a.service")), "too large"},
		{"100,000 empty units", deb("debian-binary", "2.0\n", "control.tar.gz", control, "data.tar.gz", empties(t, "lib/systemd/system/a.service", 100_000)), "too large"},
		{"rpm, lead only", []byte(lead), "ends too early"},
		{"rpm, no header", []byte(lead + strings.Repeat("x", 16)), "signature: it is damaged"},
		{"rpm, header of 4 GiB", []byte(lead + rpmHead(0, 1<<32-1)), "damaged"},
		{"rpm, 4 billion entries", []byte(lead + rpmHead(1<<32-1, 0)), "damaged"},
		{"rpm, header without data", []byte(lead + rpmHead(0, maxHeader)), "ends too early"},
		{"rpm, entries without data", []byte(lead + rpmHead(maxHeader/16, 0)), "ends too early"},
		{"rpm without a name", []byte(lead + rpmHead(0, 0) + rpmHead(0, 0)), "no name or no version"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			debug.FreeOSMemory()
			before := heap()
			_, err := Read(bytes.NewReader(tt.data))
			after := heap()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			// Twice the bound on unit files and more, since a growing slice is copied.
			if took := after - before; took > 8*maxKept {
				t.Errorf("took %d MiB", took>>20)
			}
		})
	}
}

// heap is how many bytes of memory the heap holds, garbage included.
func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapSys - m.HeapReleased)
}

// A package that was cut off anywhere is an error: half of the units would give half of the truth.
func TestCutOff(t *testing.T) {
	for _, packager := range []string{"deb", "rpm"} {
		data := bytes.TrimSuffix(build(t, packager, "gzip"), []byte("\n")) // which only fills up
		for n := range data {
			if _, err := Read(bytes.NewReader(data[:n])); err == nil {
				t.Fatalf("%s: %d of %d bytes are taken for a package", packager, n, len(data))
			}
		}
	}
}

// A header may claim arrays that are longer than its data, and point anywhere.
func TestHostileArrays(t *testing.T) {
	h := &header{data: []byte("one\x00two\x00\x00\x00"), entries: map[uint32]headerEntry{
		1: {typeStringArray, 0, 1<<32 - 1}, 2: {typeStringArray, 8, 1<<32 - 1}, 3: {typeInt32, 2, 1<<32 - 1}, 4: {typeInt32, 9, 1},
	}}
	if got := h.texts(1); len(got) != 4 || got[1] != "two" {
		t.Errorf("texts %q", got)
	}
	if got := h.texts(2); len(got) != 2 {
		t.Errorf("texts %q", got)
	}
	if got := h.numbers(3); len(got) != 2 {
		t.Errorf("numbers %v", got)
	}
	if got := h.numbers(4); len(got) != 0 {
		t.Errorf("numbers %v", got)
	}
	nuls := &header{data: make([]byte, maxHeader), entries: map[uint32]headerEntry{1: {typeStringArray, 0, 1<<32 - 1}}}
	if got := nuls.texts(1); len(got) != maxPaths {
		t.Errorf("%d texts", len(got))
	}
}

// Names that lead out of the root directory do not.
func TestTraversal(t *testing.T) {
	p, err := Read(bytes.NewReader(deb("debian-binary", "2.0\n", "control.tar.gz", text(t, "control", "Package: app\nVersion: 1\n"),
		"data.tar.gz", text(t, "../../lib/systemd/system/../system/a.service", "[Service]\n"))))
	if err != nil || len(p.Files) != 1 || p.Files[0].Path != "/lib/systemd/system/a.service" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestBounded(t *testing.T) {
	n, err := io.Copy(io.Discard, &bounded{zeros{}, 1 << 20})
	if !errors.Is(err, errTooLarge) || n > 1<<20 {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// plain is an rpm with its files not compressed, for the fuzzer to get at them.
func plain(f *testing.F, rpm []byte) []byte {
	start := bytes.Index(rpm, []byte("\x1f\x8b"))
	z, err := gzip.NewReader(bytes.NewReader(rpm[start:]))
	if err != nil {
		f.Fatal(err)
	}
	files, err := io.ReadAll(z)
	if err != nil {
		f.Fatal(err)
	}
	return append(rpm[:start:start], files...)
}

func FuzzRead(f *testing.F) {
	f.Add(build(f, "deb", "none"))
	f.Add(build(f, "deb", "xz"))
	f.Add(build(f, "rpm", "zstd"))
	f.Add(plain(f, build(f, "rpm", "gzip")))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(bytes.NewReader(data))
		if (p == nil) == (err == nil) {
			t.Errorf("a package: %v; error %v", p != nil, err)
		}
		if err == nil {
			_, _ = p.Units("package") // must not panic
		}
	})
}
