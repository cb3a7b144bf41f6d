package drill

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseClient(t *testing.T) {
	tests := []struct {
		in   string
		want Client
		err  string // part of the error
	}{
		{in: "fresh=16", want: Client{Kind: Fresh, Number: 16}},
		{in: "slow=4@http://[::1]:8080/slow?for=3s", want: Client{Slow, 4, "http://[::1]:8080/slow?for=3s"}},
		{in: "h2=1@https://host/@user", want: Client{H2, 1, "https://host/@user"}},
		{in: "websocket=100@http://host/ws", want: Client{WebSocket, 100, "http://host/ws"}},
		{in: "events=2", want: Client{Kind: Events, Number: 2}},
		{in: "websocket=1@ws://host/", err: "is not http://"},
		{in: "fresh", err: "want KIND=N"},
		{in: "fresh=0", err: "at least 1"},
		{in: "fresh=-3", err: "at least 1"},
		{in: "fresh=many", err: "want KIND=N"},
		{in: "quick=3", err: "no such kind; there are [fresh keepalive post tls h2 slow upload download idle websocket events]"},
		{in: "keepalive=3@http://unix:/run/x.sock:/a?b=c:d", want: Client{KeepAlive, 3, "http://unix:/run/x.sock:/a?b=c:d"}},
		{in: "h2=1@https://unix:/run/x.sock", want: Client{H2, 1, "https://unix:/run/x.sock"}},
		{in: "fresh=1@http://unix:run/x.sock", err: "is not http://unix:/PATH/OF/SOCKET:/"},
		{in: "fresh=1@http://unix:/run/x.sock:path", err: "is not http://unix:/PATH/OF/SOCKET:/"},
		{in: "tls=1@http://unix:/run/x.sock:/", err: "is not https://"},
		{in: "fresh=1@", err: "is not http://"},
		{in: "fresh=1@http://me:secret@localhost/", err: `"http://me:xxxxx@localhost/" has a user's name in it`},
		{in: "fresh=1@localhost:80", err: "is not http://"},
		{in: "tls=1@http://localhost/", err: "is not https://"},
		{in: "post=1@http://%zz/", err: "reading the URL of the post clients"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseClient(tt.in)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("%+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestAssign(t *testing.T) {
	const plain, secure = "http://a/", "https://a/"
	tests := []struct {
		name    string
		clients []Client
		urls    []string
		want    []Client
		err     string
	}{
		{"by scheme, the first of each", []Client{{Fresh, 1, ""}, {TLS, 2, ""}, {H2, 3, ""}},
			[]string{secure, plain, "http://b/", "https://b/"}, []Client{{Fresh, 1, plain}, {TLS, 2, secure}, {H2, 3, secure}}, ""},
		{"their own", []Client{{Slow, 1, "http://b/"}, {Post, 1, ""}}, []string{plain}, []Client{{Slow, 1, "http://b/"}, {Post, 1, plain}}, ""},
		{"only https", []Client{{Fresh, 1, ""}}, []string{secure}, []Client{{Fresh, 1, secure}}, ""},
		{"no clients", nil, []string{plain}, []Client{{Fresh, 16, plain}, {KeepAlive, 16, plain}, {Idle, 16, plain}}, ""},
		{"no clients, both", nil, []string{plain, secure}, []Client{{Fresh, 16, plain}, {KeepAlive, 16, plain}, {Idle, 16, plain}, {TLS, 16, secure}}, ""},
		{"no URL", nil, nil, nil, "--url"},
		{"no https URL", []Client{{H2, 1, ""}}, []string{plain}, nil, "h2=1@URL"},
		{"not a URL", []Client{{Fresh, 1, ""}}, []string{"http:///path"}, nil, "is not http://"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Assign(tt.clients, tt.urls)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
}

func TestInvalidConfig(t *testing.T) {
	good := []Client{{Fresh, 1, "http://127.0.0.1/"}}
	for name, cfg := range map[string]Config{
		"no clients":       {},
		"negative before":  {Clients: good, Before: -1},
		"negative after":   {Clients: good, After: -1},
		"negative timeout": {Clients: good, Timeout: -time.Second},
		"negative rate":    {Clients: good, Rate: -1},
		"no such model":    {Clients: good, Model: "ajar"},
		"negative limit":   {Clients: good, Limits: Limits{MaxWait: -1}},
		"no URL":           {Clients: []Client{{Fresh, 1, ""}}},
		"no number":        {Clients: []Client{{Fresh, 0, "http://127.0.0.1/"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if r, err := Run(t.Context(), cfg, nil); err == nil || r != nil {
				t.Errorf("report %v, error %v; want an error only", r, err)
			}
		})
	}
}
