// Package browser tests in a real Chromium what is made for browsers.
package browser

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/nodrop/nodrop/pkg/drill"
)

// Scripts that return a list of complaints.
var (
	//go:embed layout.js
	layout string
	//go:embed harm.js
	harm string
)

// lanes is a script: the lanes of the picture that can be seen. said is one that returns all texts.
const (
	lanes = `[...document.querySelectorAll("svg g.lane")].filter(g => g.checkVisibility()).map(g => g.dataset.lane).join(" ")`
	said  = `document.body.innerText + [...document.querySelectorAll("svg text")].map(e => e.textContent).join("\n")`
)

func TestReport(t *testing.T) {
	ctx := chromium(t)
	reports := []struct {
		name   string
		report *drill.Report
		lanes  string
		says   []string
	}{
		{"passing", passing(), "bands command unit unit requests lost waits axis", []string{
			"PASS", "Nothing was lost", "apt-get -y upgrade", "no request, no connection", "serving", "draining", "8.3 ms", "1.4.2, 1.5.0",
		}},
		{"failing", failing(), "bands command unit unit unit unit requests lost downtime waits axis", []string{
			"FAIL", "3,702 of 36,416 requests failed, 33 connections closed", "817 ms", "connection refused", "Warnings", "<script>window.hacked=1</script>",
		}},
		{"broken", broken(), "", []string{"NONE", "connection refused", "not run"}},
	}
	looks := []struct {
		name          string
		width, height int64
		scheme        string
	}{
		{"phone light", 390, 844, "light"},
		{"phone dark", 390, 844, "dark"},
		{"desktop light", 1280, 900, "light"},
		{"desktop dark", 1280, 900, "dark"},
	}
	for _, tt := range reports {
		path := write(t, tt.report)
		for _, look := range looks {
			t.Run(tt.name+" "+look.name, func(t *testing.T) {
				tab, cancel := chromedp.NewContext(ctx)
				defer cancel()
				heard := listen(t, tab, "file://"+path)
				call(t, tab, network.Enable, network.EnableParams{})
				call(t, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
					Width: look.width, Height: look.height, DeviceScaleFactor: 1, Mobile: look.width < 500,
				})
				call(t, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}},
				})
				run(t, tab, chromedp.Navigate("file://"+path))
				run(t, tab, chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("details")) d.open = true`))
				keep(t, run(t, tab, chromedp.FullScreenshot(100)))

				if got := run(t, tab, chromedp.Evaluate[string](lanes)); got != tt.lanes {
					t.Errorf("the picture has the lanes %q, want %q", got, tt.lanes)
				}
				text := run(t, tab, chromedp.Evaluate[string](said))
				for _, want := range tt.says {
					if !strings.Contains(text, want) {
						t.Errorf("the page does not say %q", want)
					}
				}
				for _, fault := range slices.Concat(run(t, tab, chromedp.Evaluate[[]string](layout)), run(t, tab, chromedp.Evaluate[[]string](harm)), heard()) {
					t.Error(fault)
				}
			})
		}
	}
}

// chromium starts a browser that lives until the test ends.
func chromium(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	run(t, ctx, chromedp.Navigate("about:blank"))
	return ctx
}

func run[T any](t *testing.T, ctx context.Context, action chromedp.Action[T]) T {
	t.Helper()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func call[P, R any](t *testing.T, ctx context.Context, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(ctx, command, params); err != nil {
		t.Fatal(err)
	}
}

// listen returns a function that returns what the page at url did wrong so far: requests to anywhere else, breaches of its
// Content-Security-Policy, and other complaints of the browser.
func listen(t *testing.T, ctx context.Context, url string) func() []string {
	t.Helper()
	var mu sync.Mutex
	var heard []string
	say := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, s)
	}
	err := chromedp.Listen(ctx, func(event any) {
		switch event := event.(type) {
		case *network.EventRequestWillBeSent:
			if event.Request.URL != url && !strings.HasPrefix(event.Request.URL, "data:") {
				say("asked for " + event.Request.URL)
			}
		case *log.EventEntryAdded:
			say(event.Entry.Text)
		case *runtime.EventExceptionThrown:
			say(event.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(heard)
	}
}

func write(t *testing.T, r *drill.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// keep writes a picture of the page to where go test -artifacts keeps it.
func keep(t *testing.T, png []byte) {
	t.Helper()
	path := filepath.Join(t.ArtifactDir(), "page.png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(t.Output(), path)
}
