package hosts

import (
	"testing"

	"github.com/nodrop/nodrop/scripts/table"
)

// The table that nodrop run is held to as well, on a real systemd.
func TestTable(t *testing.T) {
	m := boot(t, "bookworm")
	s, err := table.NewSystemd(t.Context(), built.lab, m.Host)
	if err != nil {
		t.Fatal(err)
	}
	table.Run(t, s)
}
