package scaffold

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// build is an entry of builds, as far as packages depend on it.
type build struct {
	id     string // "" if it is the only one, and has none: GoReleaser takes all builds then
	binary string // what the program is called
}

// findBuild is the build that makes the program, if there is one.
func findBuild(root *yaml.Node, p *Project) (b build, found bool) {
	list := child(root, "builds")
	all := items(list)
	if list == nil && p.Main == "." { // the one that GoReleaser makes without being told
		all = []*yaml.Node{{}}
	}
	project := projectName(root, p)
	for _, entry := range all {
		main := path.Join(scalar(child(entry, "dir"), ""), scalar(child(entry, "main"), "."))
		if path.Ext(main) == ".go" {
			main = path.Dir(main)
		}
		if main != path.Clean(p.Main) {
			continue
		}
		b.binary = path.Base(scalar(child(entry, "binary"), project))
		b.binary = regexp.MustCompile(`{{ *\.ProjectName *}}`).ReplaceAllLiteralString(b.binary, project)
		if b.id = scalar(child(entry, "id"), ""); b.id == "" && len(all) > 1 {
			b.id = project
		}
		return b, true
	}
	return build{}, false
}

// projectName is GoReleaser's name for the project, and for what has no other name.
func projectName(root *yaml.Node, p *Project) string {
	name := scalar(child(root, "project_name"), "")
	for _, forge := range []string{"github", "gitlab", "gitea"} {
		name = cmp.Or(name, scalar(child(child(child(root, "release"), forge), "name"), ""))
	}
	return cmp.Or(name, path.Base(p.Module))
}

// freeID is a name as an id, or one like it where an entry of a list has that already. Entries without an id have the standard.
func freeID(list *yaml.Node, standard, name string) string {
	id := name
	for n := 2; slices.ContainsFunc(items(list), func(entry *yaml.Node) bool { return scalar(child(entry, "id"), standard) == id }); n++ {
		id = fmt.Sprint(name, "-", n)
	}
	return id
}

// mixesPlatforms reports whether archives would hold one more program on the platforms of an added build, for Linux on amd64 and
// arm64, than on others, which GoReleaser refuses.
func mixesPlatforms(root *yaml.Node) bool {
	others := items(child(root, "builds"))
	if !slices.ContainsFunc(others, func(b *yaml.Node) bool {
		return !slices.Equal(scalars(child(b, "goos")), []string{"linux"}) ||
			!slices.Equal(slices.Sorted(slices.Values(scalars(child(b, "goarch")))), []string{"amd64", "arm64"})
	}) {
		return false
	}
	archives := items(child(root, "archives"))
	return len(archives) == 0 || slices.ContainsFunc(archives, func(a *yaml.Node) bool {
		return child(a, "ids") == nil && child(a, "builds") == nil && scalar(child(a, "allow_different_binary_count"), "") != "true"
	})
}

func scalars(list *yaml.Node) (all []string) {
	for _, entry := range items(list) {
		all = append(all, scalar(resolve(entry), ""))
	}
	return all
}
