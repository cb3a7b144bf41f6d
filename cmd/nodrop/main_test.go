package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nodrop": main})
}

// TestScript runs testdata/script/*.txtar. A script that needs a program which a machine may lack begins with
// "[missing:PROGRAM] skip"; with CI=true nothing is missing, so that it fails there instead.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(condition string) (bool, error) {
			program, _ := strings.CutPrefix(condition, "missing:")
			_, err := exec.LookPath(program)
			return err != nil && os.Getenv("CI") != "true", nil
		},
	})
}
