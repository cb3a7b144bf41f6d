package drill

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is a kind of client; see the package documentation for what each does.
type Kind string

// The kinds of client.
const (
	Fresh     Kind = "fresh"
	KeepAlive Kind = "keepalive"
	Post      Kind = "post"
	TLS       Kind = "tls"
	H2        Kind = "h2"
	Slow      Kind = "slow"
	Upload    Kind = "upload"
	Download  Kind = "download"
	Idle      Kind = "idle"
	WebSocket Kind = "websocket"
	Events    Kind = "events"
)

// Kinds returns all kinds of client, in the order in which help texts list them.
func Kinds() []Kind {
	return []Kind{Fresh, KeepAlive, Post, TLS, H2, Slow, Upload, Download, Idle, WebSocket, Events}
}

// quick reports whether requests of this kind are answered as fast as the server can. The others take long
// by their nature and would hide the quick ones' waits.
func (k Kind) quick() bool { return k != Slow && k != Upload && k != Download && k != Events }

// lasting reports whether clients of this kind hold one connection, opened before the command, throughout the drill.
func (k Kind) lasting() bool { return k == Idle || k == WebSocket || k == Events }

func (k Kind) needsTLS() bool { return k == TLS || k == H2 }

// Client is a number of clients of one kind that load one URL.
type Client struct {
	Kind   Kind   `json:"kind"`
	Number int    `json:"number"`
	URL    string `json:"url"` // http or https; http://unix:/PATH/OF/SOCKET:/PATH for a Unix socket
}

// ParseClient reads KIND=N or KIND=N@URL.
func ParseClient(s string) (Client, error) {
	kind, rest, _ := strings.Cut(s, "=")
	number, target, hasURL := strings.Cut(rest, "@")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return Client{}, fmt.Errorf("reading client %q: want KIND=N or KIND=N@URL with N of at least 1, like fresh=16", s)
	}
	c := Client{Kind: Kind(kind), Number: n, URL: target}
	if !slices.Contains(Kinds(), c.Kind) {
		return Client{}, fmt.Errorf("reading client %q: no such kind; there are %v", s, Kinds())
	}
	if hasURL {
		return c, c.validate()
	}
	return c, nil
}

func (c Client) validate() error {
	t, _, err := locate(c.URL, "")
	switch {
	case err != nil:
		return fmt.Errorf("reading the URL of the %s clients: %w", c.Kind, err)
	case c.Kind.needsTLS() && t.tls == nil:
		return fmt.Errorf("reading the URL of the %s clients: %q is not https://, which they speak", c.Kind, c.URL)
	case c.Number < 1:
		return fmt.Errorf("reading the number of %s clients: %d is less than 1", c.Kind, c.Number)
	}
	return nil
}

// Assign gives the clients that have no URL of their own the first of urls that they can speak: https for
// tls and h2; for the others http, or https where there is no http. Without clients it chooses some that
// suit any server: fresh, keepalive and idle ones, and tls ones if there is an https URL.
func Assign(clients []Client, urls []string) ([]Client, error) {
	first := func(scheme string) string {
		i := slices.IndexFunc(urls, func(u string) bool { return strings.HasPrefix(u, scheme+"://") })
		if i < 0 {
			return ""
		}
		return urls[i]
	}
	plain, secure := first("http"), first("https")
	if plain == "" {
		plain = secure
	}
	if len(clients) == 0 {
		clients = []Client{{Kind: Fresh, Number: 16}, {Kind: KeepAlive, Number: 16}, {Kind: Idle, Number: 16}}
		if secure != "" {
			clients = append(clients, Client{Kind: TLS, Number: 16})
		}
	}
	clients = slices.Clone(clients)
	for i, c := range clients {
		if c.URL == "" && c.Kind.needsTLS() {
			clients[i].URL = secure
		} else if c.URL == "" {
			clients[i].URL = plain
		}
		if clients[i].URL == "" {
			return nil, fmt.Errorf("finding a URL for the %s clients: none of %q is one that they speak; add one with --url, or as %s=%d@URL",
				c.Kind, urls, c.Kind, c.Number)
		}
		if err := clients[i].validate(); err != nil {
			return nil, err
		}
	}
	return clients, nil
}

// Model is what makes a request begin.
type Model string

const (
	Closed Model = "closed" // a client begins a request when the one before is over
	Open   Model = "open"   // requests begin at a set rate, whatever becomes of those before, and their waits begin there
)

// Config says who loads what, and for how long.
type Config struct {
	Clients []Client
	Before  time.Duration // load before the command; may be 0
	After   time.Duration // load after the command; may be 0
	Timeout time.Duration // for one request, from its beginning to the end of the response; 0: 30 s
	Model   Model         // "": Closed
	Rate    float64       // requests per second of each client; in the closed model, at most; 0: 50

	Limits Limits // what still passes

	// Progress gets a line for each phase as it begins, and if it is a *Terminal, the figures while they grow. May be nil.
	Progress io.Writer
}

// Validate says what is wrong with the configuration, if anything.
func (c Config) Validate() error {
	if len(c.Clients) == 0 {
		return errors.New("reading the drill's configuration: no clients")
	}
	if c.Before < 0 || c.After < 0 || c.Timeout < 0 || c.Rate < 0 || c.Limits.MaxWait < 0 {
		return errors.New("reading the drill's configuration: a time or rate is negative")
	}
	if c.Model != "" && c.Model != Closed && c.Model != Open {
		return fmt.Errorf("reading the drill's configuration: no model %q; there are %s and %s", c.Model, Closed, Open)
	}
	for _, client := range c.Clients {
		if err := client.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	c.Model = cmp.Or(c.Model, Closed)
	if c.Rate == 0 {
		c.Rate = 50
	}
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	return c
}

func (c Config) setup() Setup {
	return Setup{Clients: c.Clients, Before: Millis(c.Before), After: Millis(c.After), Timeout: Millis(c.Timeout), Rate: c.Rate}
}

// clients is the number of all clients.
func (c Config) clients() int {
	n := 0
	for _, client := range c.Clients {
		n += client.Number
	}
	return n
}
