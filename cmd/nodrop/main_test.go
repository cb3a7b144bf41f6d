package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nodrop/nodrop/pkg/serve"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nodrop": main, "hello": hello})
}

// TestScript runs testdata/script/*.txtar. A script that needs a program which a machine may lack begins with
// "[missing:PROGRAM] skip"; with CI=true nothing is missing, so that it fails there instead. $SERVER is the URL of one.
func TestScript(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	t.Cleanup(server.Close)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SERVER", server.URL)
			return useCaches(env)
		},
		Condition: func(condition string) (bool, error) {
			program, _ := strings.CutPrefix(condition, "missing:")
			_, err := exec.LookPath(program)
			return err != nil && os.Getenv("CI") != "true", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"get": get, "await": await},
	})
}

// useCaches lets go use what it has built and fetched before, though the home of scripts is elsewhere.
func useCaches(env *testscript.Env) error {
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return err
		}
		env.Setenv(name, strings.TrimSpace(string(value)))
	}
	return nil
}

// hello is a server for nodrop run: it says hello, or what is in the file that its argument names, and exits with
// the status that it is asked for as /exit/STATUS.
func hello() {
	text := []byte("hello")
	if len(os.Args) > 1 {
		var err error
		if text, err = os.ReadFile(os.Args[1]); err != nil {
			fmt.Println(err)
			os.Exit(4)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "%s %s", text, os.Getenv("COLOUR")) })
	mux.HandleFunc("/exit/{status}", func(_ http.ResponseWriter, r *http.Request) {
		var status int
		fmt.Sscan(r.PathValue("status"), &status)
		os.Exit(status)
	})
	if err := serve.Run(context.Background(), serve.HTTP("http", &http.Server{Handler: mux})); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// patience bounds the waits of get and await.
const patience = time.Minute

func eventually(ts *testscript.TestScript, what string, so func() bool) {
	for end := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("it never came about that %s", what)
		}
	}
}

// get SOCKET PATH [TEXT] asks a server on a Unix socket until the answer has TEXT; without TEXT, once.
func get(ts *testscript.TestScript, neg bool, args []string) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", ts.MkAbs(args[0]))
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: patience}
	ask := func() string {
		resp, err := client.Get("http://test" + args[1])
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return string(body)
	}
	if len(args) < 3 {
		ask()
		return
	}
	var last string
	eventually(ts, "the answer has "+args[2], func() bool { last = ask(); return strings.Contains(last, args[2]) })
}

// await FILE REGEXP waits until a file has a match.
func await(ts *testscript.TestScript, neg bool, args []string) {
	match := regexp.MustCompile("(?m)" + args[1])
	eventually(ts, args[0]+" has "+args[1], func() bool {
		text, _ := os.ReadFile(ts.MkAbs(args[0]))
		return match.Match(text)
	})
}
