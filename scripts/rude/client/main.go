// client is rude to a server until its standard input ends: client NUMBER PROTOCOL ADDRESS..., so many of each kind.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/nodrop/nodrop/scripts/rude"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 4 || len(os.Args)%2 != 0 {
		log.Fatal("usage: client NUMBER PROTOCOL ADDRESS...")
	}
	number, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer stop()
		io.Copy(io.Discard, os.Stdin)
	}()
	var all sync.WaitGroup
	for args := os.Args[2:]; len(args) > 0; args = args[2:] {
		for name, c := range rude.Clients(args[0]) {
			for range number {
				all.Go(func() { keepOn(ctx, name, c, args[0], args[1]) })
			}
		}
	}
	all.Wait()
}

// keepOn comes back when the server has shown it the door.
func keepOn(ctx context.Context, name string, c rude.Client, proto, addr string) {
	for ctx.Err() == nil {
		if err := c.Run(addr, proto, ctx.Done()); err != nil {
			log.Printf("the client that %s: %v", name, err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}
