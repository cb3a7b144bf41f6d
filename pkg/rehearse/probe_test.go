package rehearse

import "testing"

func TestReadProbe(t *testing.T) {
	const asked = "http://127.0.0.1:9090/"
	for _, tt := range []struct{ name, output, url, answer string }{
		{"success", "200 http://127.0.0.1:9090/", asked, "200"},
		{"no content", "204 http://127.0.0.1:9090/", asked, "204"},
		{"redirected within", "200 http://127.0.0.1:9090/graph", asked + "graph", "200"},
		{"redirected to https", "200 https://127.0.0.1:9090/", "", "go to https://127.0.0.1:9090/"},
		{"redirected to another port", "200 http://127.0.0.1:9091/", "", "go to http://127.0.0.1:9091/"},
		{"not found", "404 http://127.0.0.1:9090/", "", "404"},
		{"not HTTP", "000 http://127.0.0.1:9090/", "", "nothing"},
		{"no curl", "", "", "nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if url, answer := readProbe(asked, tt.output); url != tt.url || answer != tt.answer {
				t.Errorf("got %q, %q; want %q, %q", url, answer, tt.url, tt.answer)
			}
		})
	}
}
