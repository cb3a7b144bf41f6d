package pack

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"go.yaml.in/yaml/v3"
)

// config is an nfpm.yaml, as nfpm understands it and with the place of every value.
type config struct {
	nfpm.Config
	path string
	root *yaml.Node
}

func load(path string) (*config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w; name it with -f", err)
	}
	c := &config{path: path}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, c.yamlError(err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:1: not an nfpm.yaml: it has no keys; see https://nfpm.goreleaser.com/docs/configuration/", path)
	}
	c.root = doc.Content[0]
	if err := c.checkEmpty(c.root); err != nil {
		return nil, err
	}
	if c.Config, err = nfpm.ParseWithEnvMapping(bytes.NewReader(data), environment); err != nil {
		return nil, c.yamlError(err)
	}
	return c, nil
}

// environment is what a variable in the configuration stands for. $GOARCH is that of this machine, unless it is set, as for the Go
// tools; nfpm would take an empty one for amd64, whatever the program in the package was built for.
func environment(name string) string {
	value := os.Getenv(name)
	if name == "GOARCH" {
		return cmp.Or(value, runtime.GOARCH)
	}
	return value
}

// yamlError turns "yaml: line 3: text" into "file:3: text", each of several on its own line.
func (c *config) yamlError(err error) error {
	messages := []string{err.Error()}
	var list *yaml.TypeError
	if errors.As(err, &list) {
		messages = list.Errors
	}
	for i, message := range messages {
		line := 1
		if m := regexp.MustCompile(`^(?:yaml: )?line (\d+): `).FindStringSubmatch(message); m != nil {
			line, _ = strconv.Atoi(m[1]) // digits, by the pattern
			message = message[len(m[0]):]
			if regexp.MustCompile(`^did not find expected (<document start>|node content|'-' indicator|key|',')`).MatchString(message) {
				line++ // go-yaml counts from 0 in its parser, from 1 elsewhere
			}
		}
		messages[i] = fmt.Sprintf("%s:%d: %s", c.path, line, message)
	}
	return errors.New(strings.Join(messages, "\n"))
}

// errorf makes an error about the value at node; nil stands for the whole file.
func (c *config) errorf(node *yaml.Node, format string, args ...any) error {
	line := 1
	if node != nil {
		line = node.Line
	}
	return fmt.Errorf("%s:%d: %w", c.path, line, fmt.Errorf(format, args...))
}

// find is the value under the keys, as it counts for the packager: its override if there is one.
func (c *config) find(packager string, keys ...string) *yaml.Node {
	if node := get(c.root, append([]string{"overrides", packager}, keys...)...); node != nil {
		return node
	}
	return get(c.root, keys...)
}

func get(node *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		node = child(node, key)
	}
	return node
}

// child is the value of a key in a mapping, nil if there is none.
func child(node *yaml.Node, key string) *yaml.Node {
	if node = resolve(node); node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

func resolve(node *yaml.Node) *yaml.Node {
	for node != nil && node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

// checkEmpty refuses a list entry, and an override, that holds nothing: nfpm would panic.
func (c *config) checkEmpty(node *yaml.Node) error {
	for i, one := range node.Content {
		inList := node.Kind == yaml.SequenceNode
		overrides := node.Kind == yaml.MappingNode && i%2 == 1 && node.Content[i-1].Value == "overrides"
		if inList && isNull(one) {
			return c.errorf(one, "this entry is empty; fill it in, or take its line away")
		}
		if list := resolve(one); overrides && list.Kind == yaml.MappingNode && slices.ContainsFunc(list.Content, isNull) {
			return c.errorf(one, "overrides: one of them is empty; fill it in, or take its line away")
		}
		if err := c.checkEmpty(one); err != nil {
			return err
		}
	}
	return nil
}

func isNull(node *yaml.Node) bool { return resolve(node).ShortTag() == "!!null" }

// checkRequired refuses what nfpm would replace by a default that nobody wants in a package: a version 0.0.0~rc0, say, because
// $VERSION was not set.
func (c *config) checkRequired(keys ...string) error {
	for _, key := range keys {
		node := child(c.root, key)
		if node == nil {
			return c.errorf(nil, "%s is missing; add a line \"%s: …\"", key, key)
		}
		var unset []string
		value := os.Expand(node.Value, func(name string) string {
			value := os.Getenv(name)
			if value == "" {
				unset = append(unset, name)
			}
			return value
		})
		if len(unset) > 0 {
			return c.errorf(node, "%s: $%s is not set in the environment; run the command with %s=…", key, unset[0], unset[0])
		}
		if strings.TrimSpace(value) == "" {
			return c.errorf(node, "%s is empty", key)
		}
	}
	return nil
}
