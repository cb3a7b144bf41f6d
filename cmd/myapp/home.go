package main

import (
	"net/http"
	"os"
	"time"
)

// instance is what / says: which process of which version answered.
type instance struct {
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	PID      int       `json:"pid"`
	Hostname string    `json:"hostname,omitempty"`
	Started  time.Time `json:"started"`
}

func home() http.Handler {
	host, _ := os.Hostname() // left out if there is none
	self := instance{Name: "myapp", Version: version, PID: os.Getpid(), Hostname: host, Started: time.Now().UTC()}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		writeJSON(w, self)
	})
}
