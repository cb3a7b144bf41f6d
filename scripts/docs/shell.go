package docs

import (
	"fmt"
	"os"
	"path/filepath"
)

// Shell returns the shell blocks of a document of the checkout, in order.
func Shell(checkout, document string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(checkout, document))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, b := range Blocks(string(text)) {
		if b.Language == "sh" {
			all = append(all, b.Text)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no shell block", document)
	}
	return all, nil
}
