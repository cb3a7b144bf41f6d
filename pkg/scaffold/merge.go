package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// addition is an entry for a list of GoReleaser's configuration.
type addition struct {
	keys []string // where the list is: before, hooks
	text string   // the entry, not indented
}

// merge adds to a configuration of GoReleaser what makes the project's packages. Every byte of it stays, and nothing is added
// twice. notes say what its author has to do by hand.
func merge(config []byte, p *Project) (merged []byte, notes []string, err error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(config, &doc); err != nil {
		return nil, nil, err
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, nil, errors.New("it has no keys")
	}
	root := doc.Content[0]
	build, found := findBuild(root, p)
	parts := []addition{{keys: []string{"before", "hooks"}}}
	parts[0].text, err = rendered("goreleaser-hooks", p, err)
	if !found {
		build.id, build.binary = freeID(child(root, "builds"), projectName(root, p), p.Name), p.Name
		parts = append(parts, addition{keys: []string{"builds"}})
		parts[1].text, err = rendered("goreleaser-builds", map[string]any{"Project": p, "ID": build.id}, err)
		if mixesPlatforms(root) {
			notes = append(notes, fmt.Sprintf("the build %s is for Linux, and an archive must not have more programs on one platform than on another: give each entry of archives the ids of its builds, or write allow_different_binary_count: true there", build.id))
		}
	}
	if build.binary != p.Name && !strings.Contains(build.binary, "{{") {
		notes = append(notes, fmt.Sprintf("the build of %s calls the program %s, and the service runs /usr/bin/%s: write binary: %[3]s in it", p.Main, build.binary, p.Name))
	}
	packages := addition{keys: []string{"nfpms"}}
	packages.text, err = rendered("goreleaser-nfpms", map[string]any{
		"Project": p, "ID": freeID(child(root, "nfpms"), "default", p.Name), "Build": build.id,
	}, err)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case bytes.Contains(config, []byte(p.Build()+"/units")): // done before
	case hasPackage(root, p):
		notes = append(notes, fmt.Sprintf("nfpms has an entry for the package %s already: give it the contents and overrides of this one, or delete it and run nodrop init again\n%s", p.Name, packages.text))
	default:
		parts = append(parts, packages)
	}
	for _, part := range parts {
		if bytes.Contains(config, []byte(strings.TrimSpace(part.text))) {
			continue
		}
		next, err := insert(config, part)
		if err == nil && (entries(next, part.keys) != entries(config, part.keys)+1 || !saysAll(next, config)) { // YAML has more forms than are thought of here
			err = fmt.Errorf("%s is of an unusual form", strings.Join(part.keys, "."))
		}
		if err != nil {
			notes = append(notes, fmt.Sprintf("%v; add this to %s by hand\n%s", err, strings.Join(part.keys, "."), part.text))
			continue
		}
		config = next
	}
	return config, notes, nil
}

// entries is how many a list has.
func entries(config []byte, keys []string) int {
	var doc yaml.Node
	if yaml.Unmarshal(config, &doc) != nil || len(doc.Content) == 0 {
		return -1
	}
	node := doc.Content[0]
	for _, key := range keys {
		node = child(node, key)
	}
	return len(items(node))
}

// saysAll reports whether a configuration says all that another one says, and adds only to the end of lists and mappings.
func saysAll(config, before []byte) bool {
	var a, b yaml.Node
	before = append(bytes.Clone(before), '\n') // a last line without an end gets one, which counts in a text
	if yaml.Unmarshal(config, &a) != nil || yaml.Unmarshal(before, &b) != nil {
		return false
	}
	return extends(&a, &b)
}

func extends(node, as *yaml.Node) bool {
	if as.Tag == "!!null" {
		return true
	}
	if node.Kind != as.Kind || node.Tag != as.Tag || node.Value != as.Value || len(node.Content) < len(as.Content) {
		return false
	}
	for i := range as.Content {
		if !extends(node.Content[i], as.Content[i]) {
			return false
		}
	}
	return true
}

func rendered(name string, data any, err error) (string, error) {
	if err != nil {
		return "", err
	}
	text, err := render(name, data)
	return string(text), err
}

// hasPackage reports whether an entry of nfpms makes a package of that name.
func hasPackage(root *yaml.Node, p *Project) bool {
	for _, entry := range items(child(root, "nfpms")) {
		name := scalar(child(entry, "package_name"), scalar(child(root, "project_name"), p.Name))
		if name == p.Name {
			return true
		}
	}
	return false
}

// insert adds an entry to a list, which is made if it is not there.
func insert(config []byte, a addition) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(config, &doc); err != nil {
		return nil, err
	}
	node, end, indent := doc.Content[0], lastLine(config), 0
	for i, key := range a.keys {
		if node.Kind != yaml.MappingNode || node.Style&yaml.FlowStyle != 0 {
			return nil, fmt.Errorf("%s is not a list of lines that begin with a dash", strings.Join(a.keys, "."))
		}
		if len(node.Content) > 0 {
			indent = node.Content[0].Column - 1
		}
		next := -1
		for j := 0; j < len(node.Content); j += 2 {
			if node.Content[j].Value == key {
				next = j
			}
		}
		if next < 0 { // the rest of the keys is new
			return splice(config, end, nested(a.keys[i:], a.text, indent), i == 0 && len(node.Content) > 0), nil
		}
		if next+2 < len(node.Content) {
			end = node.Content[next+2].Line - 1
		}
		node = node.Content[next+1]
		if empty := node.Kind == yaml.ScalarNode && node.Tag == "!!null" && node.Value == ""; empty {
			rest := nested(a.keys[i+1:], a.text, indent+2)
			return splice(config, end, rest, false), nil
		}
		indent += 2
	}
	if node.Kind != yaml.SequenceNode || node.Style&yaml.FlowStyle != 0 {
		return nil, fmt.Errorf("%s is not a list of lines that begin with a dash", strings.Join(a.keys, "."))
	}
	return splice(config, end, nested(nil, a.text, node.Column-1), false), nil
}

// nested is text below keys.
func nested(keys []string, text string, indent int) string {
	var b strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&b, "%s%s:\n", strings.Repeat(" ", indent), key)
		indent += 2
	}
	for line := range strings.Lines(text) {
		b.WriteString(strings.Repeat(" ", indent) + line)
	}
	return b.String()
}

// splice puts text behind what ends at most at line end, the empty lines and comments before the next key not counted; as a section of
// its own, with an empty line before it.
func splice(config []byte, end int, text string, section bool) []byte {
	lines := bytes.SplitAfter(config, []byte("\n"))
	end = min(end, len(lines))
	for end > 0 {
		line := bytes.TrimRight(lines[end-1], " \t\r\n")
		if len(line) > 0 && line[0] != '#' {
			break
		}
		end--
	}
	before, after := bytes.Join(lines[:end], nil), bytes.Join(lines[end:], nil)
	if section {
		text = "\n" + text
	}
	if len(before) > 0 && before[len(before)-1] != '\n' {
		text = "\n" + strings.TrimSuffix(text, "\n")
	}
	if bytes.Contains(config, []byte("\r\n")) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return append(append(bytes.Clone(before), text...), after...)
}

// lastLine is the last line of the first document.
func lastLine(config []byte) int {
	n := 0
	for line := range bytes.Lines(config) {
		text := strings.TrimRight(string(line), " \t\r\n")
		if text == "..." || text == "---" && n > 0 {
			if !onlyComments(config, n) {
				break
			}
		}
		n++
	}
	return n
}

// onlyComments reports whether the first n lines say nothing: a "---" behind them begins the first document.
func onlyComments(config []byte, n int) bool {
	for line := range bytes.Lines(config) {
		if n--; n < 0 {
			break
		}
		if text := bytes.TrimSpace(line); len(text) > 0 && text[0] != '#' {
			return false
		}
	}
	return true
}

// child is the value of a key in a mapping, nil if there is none.
func child(node *yaml.Node, key string) *yaml.Node {
	if node = resolve(node); node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return resolve(node.Content[i+1])
		}
	}
	if merged := mergeKey(node); merged != nil {
		return child(merged, key)
	}
	return nil
}

// mergeKey is what "<<: *anchor" stands for, nil if there is none.
func mergeKey(node *yaml.Node) *yaml.Node {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Tag == "!!merge" {
			return resolve(node.Content[i+1])
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

func items(node *yaml.Node) []*yaml.Node {
	if node == nil || node.Kind != yaml.SequenceNode {
		return nil
	}
	return node.Content
}

func scalar(node *yaml.Node, standard string) string {
	if node == nil || node.Kind != yaml.ScalarNode || node.Value == "" {
		return standard
	}
	return node.Value
}
