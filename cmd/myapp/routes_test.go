package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// Every response says which version gave it, errors too.
func TestVersionHeader(t *testing.T) {
	ts := startTestServer(t)
	tests := []struct {
		method, path string
		code         int
	}{
		{"GET", "/", 200}, {"POST", "/", 200}, {"HEAD", "/", 200},
		{"GET", "/healthz", 200}, {"GET", "/slow?for=0s", 200}, {"PUT", "/upload", 200},
		{"GET", "/upload", 405}, {"DELETE", "/slow", 405}, {"GET", "/none", 404}, {"GET", "/ws", 426},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			resp, _ := do(t, ts.Client(), tt.method, ts.URL+tt.path, nil)
			if got := resp.Header.Get("X-Version"); resp.StatusCode != tt.code || got != version {
				t.Errorf("got %d with X-Version %q, want %d with %q", resp.StatusCode, got, tt.code, version)
			}
		})
	}
}

func TestHome(t *testing.T) {
	ts := startTestServer(t)
	_, body := do(t, ts.Client(), "GET", ts.URL, nil)
	var got instance
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if got.Name != "myapp" || got.Version != version || got.PID != os.Getpid() || time.Since(got.Started) > limit {
		t.Errorf("got %+v", got)
	}
}

func TestSlowRefused(t *testing.T) {
	ts := startTestServer(t)
	for _, query := range []string{"for=soon", "for=-1s", "for=61s", "for=5"} {
		t.Run(query, func(t *testing.T) {
			resp, body := do(t, ts.Client(), "GET", ts.URL+"/slow?"+query, nil)
			if resp.StatusCode != 400 || !strings.Contains(body, "want a duration from 0s to 1m0s") {
				t.Errorf("got %d %q", resp.StatusCode, body)
			}
		})
	}
}

func TestSlowEndsWithTheClient(t *testing.T) {
	ended := make(chan struct{})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	ts := newTestServer(t)
	ts.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		leave()
		slow(w, r)
	})
	ts.Start()
	req, err := http.NewRequestWithContext(ctx, "GET", ts.URL+"/slow?for=1m", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := ts.Client().Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("a reply, though the client had gone")
	}
	select {
	case <-ended:
	case <-time.After(limit):
		t.Error("still waiting for a client that has gone")
	}
}

// Handlers that take long are not cut by the time-outs meant for quick ones,
// which are for the TLS handshake too: also on a busy machine that takes less.
func TestLongRequestsOutlastTheTimeouts(t *testing.T) {
	const timeout, long = 2 * time.Second, 4 * time.Second
	for name, start := range map[string]func(*httptest.Server){
		"HTTP1": (*httptest.Server).StartTLS,
		"HTTP2": func(ts *httptest.Server) { ts.EnableHTTP2 = true; ts.StartTLS() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ts := newTestServer(t)
			// Restored by nobody: the server is this test's own.
			ts.Config.ReadTimeout, ts.Config.WriteTimeout = timeout, timeout
			ts.Config.ReadHeaderTimeout = limit
			start(ts)

			t.Run("slow", func(t *testing.T) {
				t.Parallel()
				resp, body := do(t, ts.Client(), "GET", ts.URL+"/slow?for="+long.String(), nil)
				if want := "HTTP/" + map[string]string{"HTTP1": "1.1", "HTTP2": "2.0"}[name]; resp.Proto != want {
					t.Fatalf("spoke %s, want %s", resp.Proto, want)
				}
				if resp.StatusCode != 200 {
					t.Errorf("%d %s", resp.StatusCode, body)
				}
			})
			t.Run("upload", func(t *testing.T) {
				t.Parallel()
				in, out := io.Pipe()
				go func() {
					for range 4 {
						<-time.After(long / 4)
						io.WriteString(out, "chunk")
					}
					out.Close()
				}()
				resp, body := do(t, ts.Client(), "POST", ts.URL+"/upload", in)
				if resp.StatusCode != 200 || !strings.Contains(body, `"bytes":20`) {
					t.Errorf("%d %s", resp.StatusCode, body)
				}
			})
			t.Run("events", func(t *testing.T) {
				t.Parallel()
				if last := readEvents(t, ts, "/events?every=200ms", "", int(long/(200*time.Millisecond))); last.id == "" {
					t.Error("none")
				}
			})
		})
	}
}

func TestUpload(t *testing.T) {
	ts := startTestServer(t)
	content := bytes.Repeat([]byte("nodrop"), 1<<18)
	sum := sha256.Sum256(content)
	for _, method := range []string{"POST", "PUT"} {
		t.Run(method, func(t *testing.T) {
			resp, body := do(t, ts.Client(), method, ts.URL+"/upload", bytes.NewReader(content))
			var got receipt
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatalf("%d %s: %v", resp.StatusCode, body, err)
			}
			if want := (receipt{int64(len(content)), hex.EncodeToString(sum[:])}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// A client that sends too much, or not enough, is told so.
func TestDownload(t *testing.T) {
	ts := startTestServer(t)
	resp, body := do(t, ts.Client(), "GET", ts.URL+"/download", nil)
	sum := sha256.Sum256([]byte(body))
	want := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	if got := resp.Header.Get("Repr-Digest"); resp.StatusCode != 200 || len(body) != 5<<20 || got != want {
		t.Errorf("got %d, %d bytes, Repr-Digest %s, want %s", resp.StatusCode, len(body), got, want)
	}
}

func TestUploadRefused(t *testing.T) {
	const limit = 1 << 10
	tests := []struct {
		name   string
		length int64 // announced; -1 for not at all
		body   func(*testing.T) io.Reader
		want   int
	}{
		{"announced too long", limit + 1, func(t *testing.T) io.Reader { return unwanted{t} }, http.StatusRequestEntityTooLarge},
		{"too long", -1, func(*testing.T) io.Reader { return bytes.NewReader(make([]byte, limit+1)) }, http.StatusRequestEntityTooLarge},
		{"stalled", -1, func(t *testing.T) io.Reader {
			silence, end := io.Pipe()
			context.AfterFunc(testContext(t), func() { end.Close() })
			return struct { // the client closes what it can, and else waits for more
				io.Reader
				io.Closer
			}{io.MultiReader(strings.NewReader("begun"), silence), silence}
		}, http.StatusRequestTimeout},
	}
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		ts := newTestServer(t)
		ts.Config.Handler = upload{limit: limit, stall: 100 * time.Millisecond}
		ts.EnableHTTP2 = proto == "HTTP/2.0"
		ts.StartTLS()
		ts.Client().Transport.(*http.Transport).ExpectContinueTimeout = time.Hour
		for _, tt := range tests {
			t.Run(proto+" "+tt.name, func(t *testing.T) {
				req, err := http.NewRequestWithContext(testContext(t), "PUT", ts.URL, tt.body(t))
				if err != nil {
					t.Fatal(err)
				}
				req.ContentLength = tt.length
				req.Header.Set("Expect", "100-continue") // the reply may come in the body's place
				resp, err := ts.Client().Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if resp.StatusCode != tt.want || resp.Proto != proto {
					t.Errorf("got %s %s, want %d", resp.Proto, resp.Status, tt.want)
				}
			})
		}
	}
}

// unwanted is a body that nobody should ask for.
type unwanted struct{ t *testing.T }

func (u unwanted) Read([]byte) (int, error) {
	u.t.Error("the body was sent")
	return 0, io.ErrUnexpectedEOF
}
