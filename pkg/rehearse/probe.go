package rehearse

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nodrop/nodrop/pkg/host"
)

const (
	// listenTime bounds how long a package may take to serve once it is installed.
	listenTime = 60 * time.Second
	// quietTime is how long nothing new must have begun to listen.
	quietTime = time.Second
	// askTime is between two looks at one that is to answer.
	askTime = 200 * time.Millisecond
)

// listeners are what listens in the host now.
func listeners(ctx context.Context, h *host.Host) ([]listener, error) {
	out, err := h.Run(ctx, "ss", "-Hltnp")
	if err != nil {
		return nil, fmt.Errorf("looking for what listens: %w", err)
	}
	return parseListeners(out), nil
}

// findURLs waits until something that did not listen before answers http or https, and
// returns the URLs of all that do: at most one for each listener.
func findURLs(ctx context.Context, h *host.Host, before []listener) ([]string, error) {
	deadline := time.Now().Add(listenTime)
	for seen := -1; ; {
		all, err := listeners(ctx, h)
		if err != nil {
			return nil, err
		}
		found := without(all, before)
		var urls, answers []string
		if len(found) == seen { // nothing came meanwhile
			urls, answers = probe(ctx, h, found)
		}
		seen = len(found)
		switch {
		case len(urls) > 0:
			return urls, nil
		case time.Now().After(deadline) && seen == 0:
			return nil, fmt.Errorf("finding what the package serves: nothing listens %v after it was installed; "+
				"if it takes some configuration, drill it on a host of your own: nodrop drill --url URL -- COMMAND", listenTime)
		case time.Now().After(deadline):
			return nil, fmt.Errorf("finding what the package serves: none answers a GET with success; say what to load with --url: %s",
				strings.Join(answers, ", "))
		}
		select {
		case <-time.After(quietTime):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// awaitURLs waits until something answers at each of the URLs, whatever it says. If nothing
// ever does, the drill will say so.
func awaitURLs(ctx context.Context, h *host.Host, urls []string) {
	ctx, cancel := context.WithTimeout(ctx, listenTime)
	defer cancel()
	for _, u := range urls {
		if strings.Contains(u, "://unix:") { // which curl writes in another way
			continue
		}
		for !answers(ctx, h, u) {
			select {
			case <-time.After(askTime):
			case <-ctx.Done():
				return
			}
		}
	}
}

// answers asks once, and need not wait for the end of the answer.
func answers(ctx context.Context, h *host.Host, u string) bool {
	status, _ := h.Command(ctx, "curl", "-sk", "-m", "5", "-o", "/dev/null", "-w", `%{http_code}`, u).Output()
	return len(status) > 0 && string(status) != "000"
}

// probe asks each listener once by http and by https. It returns the URLs that are
// answered with success, and what the others said.
func probe(ctx context.Context, h *host.Host, all []listener) (urls, answers []string) {
	for _, l := range all {
		var said []string
		for _, scheme := range []string{"http", "https"} {
			asked := scheme + "://" + l.addr.String() + "/"
			// curl follows redirections, within the listener. No output means no answer by HTTP.
			out, _ := h.Command(ctx, "curl", "-skL", "--max-redirs", "3", "-m", "5", "-o", "/dev/null",
				"-w", `%{http_code} %{url_effective}`, asked).Output()
			answered, answer := readProbe(asked, string(out))
			if answered != "" {
				urls = append(urls, answered)
				break
			}
			said = append(said, scheme+": "+answer)
		}
		answers = append(answers, fmt.Sprintf("%v said %s", l, strings.Join(said, ", ")))
	}
	return slices.Compact(urls), answers
}

// readProbe reads curl's "STATUS URL". It returns the URL that answered with success, or
// what was answered instead.
func readProbe(asked, output string) (answered, answer string) {
	status, last, _ := strings.Cut(output, " ")
	if status == "" || status == "000" {
		return "", "nothing"
	}
	a, errA := url.Parse(asked)
	b, errB := url.Parse(last)
	if errA != nil || errB != nil || a.Host != b.Host || a.Scheme != b.Scheme {
		return "", "go to " + last
	}
	if !strings.HasPrefix(status, "2") {
		return "", status
	}
	return last, status
}
