package serve

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

func keyOf(b byte, age time.Duration) ticketKey {
	return ticketKey{time.Now().Add(-age).Unix(), bytes.Repeat([]byte{b}, 32)}
}

func TestTicketKeysAreMerged(t *testing.T) {
	var many []ticketKey
	for i := range 2 * maxTicketKeys {
		many = append(many, keyOf(byte(i), time.Duration(i)*time.Minute))
	}
	for _, tt := range []struct {
		name       string
		own, taken []ticketKey
		want       []byte // the keys' bytes, the newest key first
	}{
		{"none", nil, nil, nil},
		{"newest first", []ticketKey{keyOf('b', 2*time.Hour)}, []ticketKey{keyOf('c', 3*time.Hour), keyOf('a', time.Hour)}, []byte("abc")},
		{"the same", []ticketKey{keyOf('a', time.Hour)}, []ticketKey{keyOf('a', time.Hour)}, []byte("a")},
		{"too old", []ticketKey{keyOf('a', time.Hour)}, []ticketKey{keyOf('b', ticketKeyLifetime)}, []byte("a")},
		{"of the future", nil, []ticketKey{keyOf('a', -time.Hour)}, nil},
		{"not of 32 bytes", nil, []ticketKey{{time.Now().Unix(), make([]byte, 31)}}, nil},
		{"too many", nil, many, slices.Collect(func(yield func(byte) bool) {
			for i := range maxTicketKeys {
				yield(byte(i))
			}
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var set tickets
			set.take(tt.own)
			set.take(tt.taken)
			var got []byte
			for _, k := range set.give() {
				got = append(got, k.Key[0])
			}
			if !bytes.Equal(got, tt.want) {
				t.Errorf("keys %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTicketKeyIsRotated(t *testing.T) {
	set := tickets{ready: func() {}}
	set.take([]ticketKey{keyOf('a', ticketKeyRotation)})
	set.current()
	set.current()
	if keys := set.give(); len(keys) != 2 || keys[0].Key[0] == 'a' && keys[0].Key[1] == 'a' || keys[1].Key[0] != 'a' {
		t.Errorf("keys %+v, want a new one before the old one", keys)
	}
}

// What the program has set wins.
func TestOwnTickets(t *testing.T) {
	set := &tls.Config{}
	set.SetSessionTicketKeys([][32]byte{{1}})
	for name, cfg := range map[string]*tls.Config{
		"SetSessionTicketKeys":   set,
		"the same, cloned":       set.Clone(),
		"SessionTicketKey":       {SessionTicketKey: [32]byte{1}},
		"SessionTicketsDisabled": {SessionTicketsDisabled: true},
		"WrapSession":            {WrapSession: set.EncryptTicket},
		"UnwrapSession":          {UnwrapSession: set.DecryptTicket},
	} {
		if !ownTickets(cfg) {
			t.Errorf("%s was not seen", name)
		}
	}
	if ownTickets(&tls.Config{}) {
		t.Error("an empty configuration has ticket keys")
	}
}

// Whatever another process says about ticket keys, nothing breaks.
func FuzzTakeTickets(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(`{"https":[{"Made":%d,"Key":"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}],"other":null}`, time.Now().Unix())))
	f.Add([]byte(`{"https":[{}]}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, state []byte) {
		set := &tickets{ready: func() {}}
		h := &handover{log: slog.New(slog.DiscardHandler), tickets: map[string]*tickets{"https": set}}
		h.takeTickets(state)
		if n := len(set.give()); n > maxTicketKeys {
			t.Errorf("%d keys", n)
		}
		set.current()
	})
}

// Whatever an instance is sent as keys, none of it is logged.
func TestKeysAreNotLogged(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := newHandover(handoverSocket(t), log, askSystemd)
	h.share("https", &tickets{})
	for _, state := range []string{
		`{"https":[{"Made":1,"Key":"` + secret + `"}]}`,
		`{"https":[{"Made":"` + secret + `"}]}`,
		`{"https":[{"Made":1,"Key":"` + secret + `!"}]}`,
		`{"https":"` + secret + `"}`,
		`{"https":[{"Key":"` + secret,
		secret,
	} {
		h.takeTickets([]byte(state))
		h.takeDrains([]byte(state))
	}
	if out.Len() == 0 || strings.Contains(out.String(), secret[:8]) {
		t.Errorf("logged: %s", &out)
	}
}
