// Command client calls a gRPC server from many goroutines, until its standard
// input ends, and fails if any call did.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func main() {
	var calls, failed atomic.Uint64
	end := make(chan struct{})
	var clients sync.WaitGroup
	for range 8 {
		conn, err := grpc.NewClient("passthrough:///"+os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		client := grpc_health_v1.NewHealthClient(conn)
		for range 4 {
			clients.Go(func() {
				for {
					select {
					case <-end:
						return
					default:
					}
					ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
					if _, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{}); err != nil {
						failed.Add(1)
						fmt.Fprintln(os.Stderr, err)
					}
					cancel()
					if calls.Add(1) == 100 {
						fmt.Println("under load")
					}
					time.Sleep(2 * time.Millisecond) // the load is bounded
				}
			})
		}
	}
	io.Copy(io.Discard, os.Stdin)
	close(end)
	clients.Wait()
	fmt.Printf("%d of %d calls failed\n", failed.Load(), calls.Load())
	if failed.Load() > 0 {
		os.Exit(1)
	}
}
