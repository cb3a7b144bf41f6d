package serve

import (
	"os/exec"
	"strings"
	"testing"
)

// Every service that uses the library carries what it imports.
func TestImportsStayLight(t *testing.T) {
	allowed := []string{"github.com/nodrop/nodrop/pkg/serve", "github.com/nodrop/nodrop/pkg/activation", "github.com/coreos/go-systemd/v22/", "github.com/nodrop/nodrop/pkg/carry", "github.com/godbus/dbus/v5", "golang.org/x/sys/"}
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "../activation", "../carry", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		ok := false
		for _, prefix := range allowed {
			ok = ok || strings.HasPrefix(path, prefix)
		}
		if !ok {
			t.Errorf("imports %s", path)
		}
	}
}
