package main

import (
	"context"
	"fmt"
	"os"
)

// version is what the service says it is; releases set it when linking:
// go build -ldflags "-X main.version=1.0.0".
var version = "dev"

func main() {
	if err := newApp(os.Stdout, run).RunContext(context.Background(), os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "myapp:", err)
		os.Exit(1)
	}
}
