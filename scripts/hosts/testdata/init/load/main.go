// Command load calls a greeter over gRPC for as long as a command runs, and longer: half of the clients on connections that stay, half
// on a new one for each call. It fails when a call or the command does.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/examples/helloworld/helloworld"
)

const clients = 16

func main() {
	addr, command := os.Args[1], os.Args[2:]
	ctx, stop := context.WithCancel(context.Background())
	var calls, failed atomic.Int64
	var wait, warm sync.WaitGroup
	warm.Add(clients)
	for i := range clients {
		wait.Go(func() {
			c := dial(addr)
			for n := 0; ctx.Err() == nil; n++ {
				if i%2 == 0 {
					c.Close()
					c = dial(addr)
				}
				timely, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				if _, err := pb.NewGreeterClient(c).SayHello(timely, &pb.HelloRequest{Name: "load"}); err != nil {
					failed.Add(1)
					fmt.Println(err)
				}
				cancel()
				calls.Add(1)
				if n == 10 {
					warm.Done()
				}
				time.Sleep(20 * time.Millisecond) // the rate
			}
			c.Close()
		})
	}
	warm.Wait()
	before := calls.Load()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err := cmd.Run()
	during := calls.Load() - before
	for end := calls.Load() + 10*clients; calls.Load() < end; {
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	wait.Wait()
	fmt.Printf("%d calls before, %d during, %d in all, %d failed; the command: %v\n", before, during, calls.Load(), failed.Load(), err)
	if failed.Load() > 0 || err != nil || during == 0 {
		os.Exit(1)
	}
}

func dial(addr string) *grpc.ClientConn {
	c, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDisableRetry())
	if err != nil {
		panic(err)
	}
	return c
}
