package rehearse

import (
	"slices"
	"testing"
)

func TestSameSource(t *testing.T) {
	const list = "nginx nginx installed\nnginx nginx-common installed\nnginx nginx-doc config-files\ncurl curl installed\n"
	if got, want := sameSource(list, "nginx-common"), []string{"nginx", "nginx-common"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, name := range []string{"httpd", "nginx-doc"} {
		if got := sameSource(list, name); got != nil {
			t.Errorf("%s, which is not installed: got %v", name, got)
		}
	}
}
