package serve

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/nodrop/nodrop/pkg/carry"
)

// kindTickets is the state that holds ticket keys: JSON, the keys by server.
const kindTickets = "tickets"

// settleTime bounds how long handshakes wait for keys that an earlier instance
// may have left in the handover socket.
const settleTime = 200 * time.Millisecond

// As crypto/tls has it for the keys that it makes by itself.
const (
	ticketKeyRotation = 24 * time.Hour
	ticketKeyLifetime = 7 * 24 * time.Hour
)

// maxTicketKeys bounds what many instances in a row pile up. A client with an
// older ticket pays a full handshake.
const maxTicketKeys = 32

// A ticketKey encrypts the sessions that clients bring back (RFC 8446, section
// 4.6.1; RFC 5077).
type ticketKey struct {
	Made int64  // Unix time, in seconds
	Key  []byte // 32 of them
}

func (k ticketKey) age(now time.Time) time.Duration { return now.Sub(time.Unix(k.Made, 0)) }

// tickets are the keys of one HTTPS server. They live in memory only and go to
// the next instance over the handover socket, so that clients resume there.
type tickets struct {
	ready func() // returns when keys of an earlier instance are here, if they come

	mu   sync.Mutex
	keys []ticketKey // the newest first: that encrypts
	ring tls.Config  // has them for crypto/tls
}

// ownTickets reports whether the program has ticket keys of its own in cfg, or
// wants no tickets.
func ownTickets(cfg *tls.Config) bool {
	// There is no other way to see what SetSessionTicketKeys has set.
	set := reflect.ValueOf(cfg).Elem().FieldByName("sessionTicketKeys")
	//lint:ignore SA1019 programs may use it
	return cfg.SessionTicketsDisabled || cfg.SessionTicketKey != [32]byte{} || set.IsValid() && set.Len() > 0 ||
		cfg.WrapSession != nil || cfg.UnwrapSession != nil
}

// config returns a copy of base that uses the keys.
func (t *tickets) config(base *tls.Config) *tls.Config {
	cfg := base.Clone()
	cfg.WrapSession = func(cs tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
		return t.current().EncryptTicket(cs, s)
	}
	cfg.UnwrapSession = func(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
		return t.current().DecryptTicket(ticket, cs)
	}
	return cfg
}

// current is the ring, with a first key that is fresh.
func (t *tickets) current() *tls.Config {
	t.ready()
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); len(t.keys) == 0 || t.keys[0].age(now) >= ticketKeyRotation {
		fresh := ticketKey{now.Unix(), make([]byte, 32)}
		rand.Read(fresh.Key) // never fails
		t.merge(now, fresh)
	}
	return &t.ring
}

// take adds the keys of an earlier instance.
func (t *tickets) take(keys []ticketKey) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.merge(time.Now(), keys...)
}

// give returns the keys for the next instance.
func (t *tickets) give() []ticketKey {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.keys)
}

// merge is called with mu held.
func (t *tickets) merge(now time.Time, more ...ticketKey) {
	all := slices.DeleteFunc(append(more, t.keys...), func(k ticketKey) bool {
		return len(k.Key) != 32 || k.age(now) < 0 || k.age(now) >= ticketKeyLifetime
	})
	slices.SortStableFunc(all, func(a, b ticketKey) int { return cmp.Compare(b.Made, a.Made) })
	seen := map[string]bool{}
	all = slices.DeleteFunc(all, func(k ticketKey) bool {
		again := seen[string(k.Key)]
		seen[string(k.Key)] = true
		return again
	})
	t.keys = all[:min(len(all), maxTicketKeys)]
	if len(t.keys) > 0 {
		ring := make([][32]byte, len(t.keys))
		for i, k := range t.keys {
			ring[i] = [32]byte(k.Key)
		}
		t.ring.SetSessionTicketKeys(ring)
	}
}

// share has the keys of a server go along, and those of an earlier instance
// come here.
func (h *handover) share(name string, t *tickets) {
	if h == nil || t == nil {
		return
	}
	h.tickets[name] = t
	t.ready = func() { <-h.settled }
}

func (h *handover) takeTickets(state []byte) {
	var all map[string][]ticketKey
	if err := json.Unmarshal(state, &all); err != nil {
		h.log.Warn("ticket keys of an earlier instance cannot be read", "error", err)
	}
	for name, keys := range all {
		if t := h.tickets[name]; t != nil {
			t.take(keys)
		}
	}
}

// giveTickets sends the keys to the next instance, on a connection of their own: a
// version that does not know them may end that.
func (h *handover) giveTickets() error {
	all := map[string][]ticketKey{}
	for name, t := range h.tickets {
		if keys := t.give(); len(keys) > 0 {
			all[name] = keys
		}
	}
	if len(all) == 0 {
		return nil
	}
	state, err := json.Marshal(all)
	if err != nil {
		return err
	}
	hello, cancel := context.WithTimeout(context.Background(), h.hello)
	defer cancel()
	sender, err := carry.Dial(hello, h.path, h.blind)
	if errors.Is(err, carry.ErrNobody) { // it has ended, and what waits in the socket would start it
		err = errors.Join(err, carry.Discard(h.listener))
	}
	if err != nil {
		return err
	}
	defer sender.Close()
	return sender.SendState(kindTickets, state)
}
