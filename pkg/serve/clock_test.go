package serve

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The time of day may step. What waits counts on the monotonic clock, which every time.Now has with it until a time is made from, or
// turned into, a time of day. Only the lifetime of ticket keys does that, as they go from one process to another.
func TestNoTimeOfDay(t *testing.T) {
	wall := regexp.MustCompile(`time\.(Unix|UnixMilli|Date|Parse)\(|\.(Unix|UnixMilli|UnixMicro|UnixNano|Round|Truncate|UTC|Local|In|AddDate|MarshalText|Format)\(`)
	seen := 0
	for _, dir := range []string{".", "../carry", "../activation", "../activator"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || file == "tickets.go" {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			seen++
			long := strings.ReplaceAll(string(text), "time.Unix(1, 0)", "") // a deadline that is long over, whatever the clock
			if found := wall.FindString(long); found != "" {
				t.Errorf("%s depends on the time of day: %s", file, found)
			}
		}
	}
	if seen == 0 {
		t.Error("no file was looked at")
	}
}
