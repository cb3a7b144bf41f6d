package browser

import (
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
)

func ms(n float64) drill.Millis { return drill.Millis(n * float64(time.Millisecond)) }

// passing is the report of an upgrade that lost nothing.
func passing() *drill.Report {
	r := &drill.Report{
		Started: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC),
		Setup: drill.Setup{
			Clients: []drill.Client{
				{Kind: drill.Fresh, Number: 16, URL: "http://127.0.0.1:8080/"},
				{Kind: drill.Post, Number: 32, URL: "http://127.0.0.1:8080/"},
				{Kind: drill.Slow, Number: 4, URL: "http://127.0.0.1:8080/slow?for=2s"},
				{Kind: drill.WebSocket, Number: 16, URL: "http://127.0.0.1:8080/ws"},
			},
			Before: ms(3000), After: ms(3000), Timeout: ms(30_000), Rate: 50,
		},
		Command: drill.Command{Args: []string{"apt-get", "-y", "upgrade"}, Duration: ms(5410)},
		Load:    "closed",
	}
	for _, kind := range []drill.Kind{drill.Fresh, drill.Post, drill.Slow, drill.WebSocket} {
		row := drill.Row{Kind: kind, Clients: 16, Requests: 9_104, Connections: drill.Connections{Opened: 9_104},
			Before: drill.Span{Requests: 2400, Longest: ms(4.1), P50: ms(.4), P99: ms(1.9), P999: ms(3.2)},
			During: drill.Span{Requests: 4300, Longest: ms(8.3), P50: ms(.5), P99: ms(2.4), P999: ms(6.1)},
			After:  drill.Span{Requests: 2404, Longest: ms(3.7), P50: ms(.4), P99: ms(1.8), P999: ms(3)},
		}
		r.Kinds = append(r.Kinds, row)
	}
	r.Total = r.Kinds[0]
	r.Total.Kind, r.Total.Clients, r.Total.Requests = "total", 68, 36_416
	r.Versions = drill.Versions{Before: []string{"1.4.2"}, During: []string{"1.4.2", "1.5.0"}, After: []string{"1.5.0"}}
	r.Timeline = drill.Timeline{Length: ms(11_460), Step: ms(20)}
	for i := range 573 {
		r.Timeline.Slots = append(r.Timeline.Slots, drill.Slot{Answered: uint64(60 + i*7919%11), Longest: ms(.8 + float64(i*7919%37)/11)})
	}
	r.Timeline.Slots[251].Longest = ms(8.3)
	r.Timeline.Events = []drill.Event{
		{At: ms(3004), What: "command began"},
		{At: ms(4470), Unit: "myapp-standby.service", What: "starting"},
		{At: ms(4840), Unit: "myapp-standby.service", What: "ready"},
		{At: ms(4881), Unit: "myapp.service", What: "stopping"},
		{At: ms(6912), Unit: "myapp.service", What: "gone"},
		{At: ms(6923), Unit: "myapp.service", What: "starting"},
		{At: ms(7308), Unit: "myapp.service", What: "ready"},
		{At: ms(7331), Unit: "myapp-standby.service", What: "stopping"},
		{At: ms(7420), Unit: "myapp-standby.service", What: "gone"},
		{At: ms(8414), What: "command ended"},
	}
	return r
}

// hostile is what a server or a command may say to harm whoever reads the report.
const hostile = `</style></title></svg><script>window.hacked=1</script><img src=http://127.0.0.1:9/x onerror=window.hacked=1>` +
	`"'><a href="javascript:alert(1)">]]>` + "{{.Style}}\x00\x1b[31m\u202eabc"

// failing is the report of an upgrade that lost much, of a hostile server, on a host with units of long names.
func failing() *drill.Report {
	r := passing()
	r.Command.Args = []string{"sh", "-c", "dpkg -i it's_1.5.0_amd64.deb; echo " + hostile}
	r.Command.Error = "exit status 100"
	r.Setup.Clients[3].URL += "?a-query-that-is-so-long-that-no-telephone-has-room-for-it-in-one-line=" + "0123456789abcdef0123456789abcdef"
	r.Warnings = []string{"the machine was saturated for 12 % of the time: waits are partly its own", hostile}
	for i := range r.Kinds[:2] {
		row := &r.Kinds[i]
		row.Failed, row.Connections.Closed = 1_234*uint64(i+1), 33*uint64(i)
		row.During.Failed = row.Failed
		row.During.Longest = ms(2071)
		r.Total.Failed += row.Failed
		r.Total.Connections.Closed += row.Connections.Closed
	}
	r.Total.During.Longest = ms(2071)
	r.Versions.During = []string{"1.4.2", hostile, "1.5.0"}
	for i, s := range r.Timeline.Slots {
		switch {
		case i >= 250 && i < 291:
			r.Timeline.Slots[i] = drill.Slot{Failed: uint64(40 + i%9), Closed: s.Answered % 3}
		case i == 292:
			r.Timeline.Slots[i].Longest = ms(2071)
		case i == 330:
			r.Timeline.Slots[i].Failed = 1
		}
	}
	r.Timeline.Downtime = []drill.Window{
		{Kind: drill.Fresh, From: ms(5003), To: ms(5815), Failed: 1234},
		{Kind: drill.Post, From: ms(5010), To: ms(5820), Failed: 2467},
		{Kind: drill.Post, From: ms(6601), To: ms(6603), Failed: 1},
	}
	r.Timeline.Events = append(r.Timeline.Events[:3:3],
		drill.Event{At: ms(4881), Unit: "myapp.service", What: "stopping"},
		drill.Event{At: ms(5003), Unit: "myapp.service", What: "gone"},
		drill.Event{At: ms(5815), Unit: "myapp.service", What: "ready"},
		drill.Event{At: ms(5900), Unit: "a-service-with-a-name-that-nobody-would-choose@instance-0123456789.service", What: "failed"},
		drill.Event{At: ms(5990), Unit: hostile, What: hostile},
		drill.Event{At: ms(8414), What: "command ended"},
	)
	r.Errors = []drill.ErrorCount{
		{Kind: drill.Fresh, Failure: drill.Refused, Text: "dial 127.0.0.1:8080: connect: connection refused", Count: 1_234},
		{Kind: drill.Post, Failure: drill.EOF, Text: "EOF", Count: 2_467},
		{Kind: drill.Post, Failure: drill.Status, Text: "the response says " + hostile, Count: 1},
	}
	return r
}

// broken is the report of a drill that did not run.
func broken() *drill.Report {
	r := passing()
	return &drill.Report{Started: r.Started, Setup: r.Setup, Command: drill.Command{Args: r.Command.Args},
		Error: "trying http://127.0.0.1:8080/ with a client of kind fresh, before the command, which was not run: dial 127.0.0.1:8080: connect: connection refused"}
}
