package drill

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A Repr-Digest counts; without one, the first download does.
func TestDownloadsAreCompared(t *testing.T) {
	const abc = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:" // of "abc", FIPS 180-2
	tests := []struct {
		name, digest, body string
		wrong              string // "": nothing
	}{
		{"hash right", abc, "abc", ""},
		{"among others", "sha-512=:AAAA:, " + abc, "abc", ""},
		{"hash wrong", abc, "abd", "not the hash in Repr-Digest"},
		{"the first without a hash", "sha-512=:AAAA:", "first", ""},
		{"the same", "", "first", ""},
		{"shorter", "", "firs", "4 bytes, and the first download had 5"},
		{"altered", "", "fyrst", "not its hash"},
		{"a hash excuses another content", abc, "abc", ""},
	}
	var c content
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := c.read(&http.Response{Header: http.Header{"Repr-Digest": {tt.digest}}, ContentLength: -1,
				Body: io.NopCloser(strings.NewReader(tt.body))})
			var wrong wrongBody
			if tt.wrong == "" && err != nil || tt.wrong != "" && (!errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.wrong)) {
				t.Errorf("%v, want %q", err, tt.wrong)
			}
		})
	}
}

func TestReceiptsAreCompared(t *testing.T) {
	tests := []struct {
		name, kind, body string
		wrong            bool
	}{
		{"right", "application/json; charset=utf-8", `{"bytes":1,"sha256":"` + uploadSum() + `"}`, false},
		{"wrong", "application/json", `{"sha256":"` + strings.Repeat("0", 64) + `"}`, true},
		{"empty", "application/json", `{"sha256":""}`, true},
		{"none", "application/json", `{"bytes":1}`, false},
		{"no object", "application/json", `[1]`, false},
		{"no JSON", "text/plain", `{"sha256":"0"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := readReceipt(&http.Response{Header: http.Header{"Content-Type": {tt.kind}}, Body: io.NopCloser(strings.NewReader(tt.body))})
			if (err != nil) != tt.wrong {
				t.Errorf("%v, want an error: %v", err, tt.wrong)
			}
		})
	}
}
