package serve

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Whatever happens to ticket keys on their way, no log has them.
func TestTicketKeysAreNotLogged(t *testing.T) {
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	fresh := func() *handover {
		h := newHandover(handoverSocket(t), log, func(context.Context, *slog.Logger) outlook { return restarts })
		h.share("https", &tickets{})
		return h
	}
	from, to := fresh(), fresh()
	key := bytes.Repeat([]byte("secret! "), 4)
	from.tickets["https"].take([]ticketKey{{Made: time.Now().Unix(), Key: key}})
	if err := from.giveTickets(); err == nil { // nobody is there
		t.Error("keys were sent to nobody")
	} else {
		log.Warn("not sent", "error", err)
	}
	state, err := json.Marshal(map[string][]ticketKey{"https": from.tickets["https"].give()})
	if err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString(key)
	if !strings.Contains(string(state), encoded) {
		t.Fatal("the keys are not among what is sent")
	}
	text := string(state)
	for _, state := range []string{
		text, text[:len(text)-1], text[1:], strings.Replace(text, `"Key":"`, `"Key":"!`, 1), strings.Replace(text, encoded, encoded+encoded, 1),
		strings.Replace(text, `"`+encoded+`"`, `["`+encoded+`"]`, 1), encoded,
	} {
		to.takeTickets([]byte(state))
	}
	if !strings.Contains(logged.String(), "cannot be read") {
		t.Errorf("nothing was logged of what is broken: %s", &logged)
	}
	for _, secret := range []string{"secret!", encoded[:20], hex.EncodeToString(key)[:20]} {
		if strings.Contains(logged.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, &logged)
		}
	}
}
