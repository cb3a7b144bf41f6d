// Package docs reads the project's documents, so that tests can do what they
// tell a reader to do.
package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A Block is a fenced block of a document.
type Block struct {
	Language string // as after the fence: go, ini, yaml, sh
	File     string // the file name in the paragraph before it; may be empty
	Text     string
}

var fence = regexp.MustCompile("(?ms)^(?:`([^`\n]+)`\n\n)?```([a-z]+)\n(.*?)^```$")

// Blocks returns the fenced blocks of a Markdown text, in order. A paragraph
// of nothing but a file name in backquotes names the block behind it.
func Blocks(markdown string) []Block {
	var blocks []Block
	for _, m := range fence.FindAllStringSubmatch(markdown, -1) {
		blocks = append(blocks, Block{File: m[1], Language: m[2], Text: m[3]})
	}
	return blocks
}

// WriteProject puts the named blocks of README.md in checkout into dir, as the
// reader would who follows it, with a go.mod that takes nodrop from checkout.
func WriteProject(checkout, dir string) error {
	return WriteFiles(checkout, "README.md", dir)
}

// WriteFiles is WriteProject for any document of checkout.
func WriteFiles(checkout, document, dir string) error {
	blocks, err := Read(checkout, document)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		if b.File == "" {
			continue
		}
		path := filepath.Join(dir, b.File)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(b.Text), 0o644); err != nil {
			return err
		}
	}
	return writeModule(checkout, dir)
}

// Read returns the fenced blocks of a document of checkout.
func Read(checkout, document string) ([]Block, error) {
	text, err := os.ReadFile(filepath.Join(checkout, document))
	if err != nil {
		return nil, err
	}
	return Blocks(string(text)), nil
}

// Root returns the commands that a document gives root on a host, in order: the
// lines of its console blocks that begin with the prompt "# ".
func Root(checkout, document string) ([]string, error) {
	blocks, err := Read(checkout, document)
	if err != nil {
		return nil, err
	}
	var commands []string
	for _, b := range blocks {
		if b.Language != "console" {
			continue
		}
		for line := range strings.Lines(b.Text) {
			if command, ok := strings.CutPrefix(line, "# "); ok {
				commands = append(commands, strings.TrimSpace(command))
			}
		}
	}
	return commands, nil
}

// writeModule makes dir a module whose dependencies are nodrop's own.
func writeModule(checkout, dir string) error {
	mod, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		return err
	}
	const nodrop = "module github.com/nodrop/nodrop\n"
	if !strings.HasPrefix(string(mod), nodrop) {
		return fmt.Errorf("go.mod of %s does not begin with its module", checkout)
	}
	text := "module example.com/hello\n" + strings.TrimPrefix(string(mod), nodrop) +
		"\nrequire github.com/nodrop/nodrop v0.0.0\n\nreplace github.com/nodrop/nodrop => " + checkout + "\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o644); err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(checkout, "go.sum"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o644)
}

// Commands returns the lines of README.md's shell block that holds marker.
func Commands(checkout, marker string) (string, error) {
	return CommandsOf(checkout, "README.md", marker)
}

// CommandsOf returns the lines of the document's shell block that holds marker.
func CommandsOf(checkout, document, marker string) (string, error) {
	blocks, err := Read(checkout, document)
	if err != nil {
		return "", err
	}
	for _, b := range blocks {
		if b.Language == "sh" && strings.Contains(b.Text, marker) {
			return b.Text, nil
		}
	}
	return "", fmt.Errorf("%s has no shell block with %q", document, marker)
}
