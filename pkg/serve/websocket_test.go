package serve

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// echoes is a program with WebSockets that knows nothing of Leaving and Pass: it
// says goodbye in a function of RegisterOnShutdown.
func echoes(t *testing.T) *http.Server {
	t.Helper()
	var mu sync.Mutex
	all := map[*websocket.Conn]bool{}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		mu.Lock()
		all[c] = true
		mu.Unlock()
		for {
			kind, message, err := c.Read(context.Background())
			if err != nil {
				return
			}
			if err := c.Write(context.Background(), kind, message); err != nil {
				return
			}
		}
	})}
	srv.RegisterOnShutdown(func() {
		mu.Lock()
		defer mu.Unlock()
		for c := range all {
			go c.Close(websocket.StatusGoingAway, "upgrade")
		}
	})
	return srv
}

// A WebSocket that the program does not pass on has the drain time, whether there is
// a next instance or not, and then a close frame that says 1001 (RFC 6455, section
// 7.4.1).
func TestWebSocketThatIsNotPassedOn(t *testing.T) {
	for name, next := range map[string]bool{"with a next instance": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			sock, held := sharedSocket(t), handoverSocket(t)
			first := startInstance(t, sock, held, echoes(t))
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			c, _, err := websocket.Dial(ctx, "ws://"+first.addr()+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			say := func(word string) {
				t.Helper()
				if err := c.Write(ctx, websocket.MessageText, []byte(word)); err != nil {
					t.Fatal(err)
				}
				if _, got, err := c.Read(ctx); err != nil || string(got) != word {
					t.Fatalf("%q, %v", got, err)
				}
			}
			say("before")
			if next {
				second := startInstance(t, sock, held, echoes(t))
				defer second.stop(time.Second)
			}
			done := make(chan struct{})
			const drainTime = time.Second
			go func() { defer close(done); first.stop(drainTime) }()
			begun := time.Now()
			waitDraining(t, first.httpServer)
			say("during")
			_, _, err = c.Read(ctx)
			if code := websocket.CloseStatus(err); code != websocket.StatusGoingAway {
				t.Errorf("it ended with %d, %v", code, err)
			}
			if had := time.Since(begun); had < drainTime/2 {
				t.Errorf("it had %v of the drain time", had)
			}
			waitFor(t, "the end", done)
		})
	}
}
