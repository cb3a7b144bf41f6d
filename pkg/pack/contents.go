package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/files"
	"go.yaml.in/yaml/v3"
)

const (
	debUnits = "/lib/systemd/system"
	rpmUnits = "/usr/lib/systemd/system"
	sysusers = "/usr/lib/sysusers.d"
	tmpfiles = "/usr/lib/tmpfiles.d"
)

func unitDir(packager string) string {
	if packager == "deb" {
		return debUnits
	}
	return rpmUnits
}

// item is one file, directory or link of the package, with the place in the configuration that put it there.
type item struct {
	*files.Content
	node *yaml.Node
}

// isFile reports whether the item has a file's content.
func (i item) isFile() bool {
	return slices.Contains([]string{files.TypeFile, files.TypeConfig, files.TypeConfigNoReplace, files.TypeConfigMissingOK}, i.Type)
}

// expand resolves globs and trees, and puts units and their like where the packager wants them. With unitsOnly, what is
// missing and cannot be a unit or its like is left out.
func (c *config) expand(info *nfpm.Info, packager string, unitsOnly bool) ([]item, error) {
	var all []item
	contents, nodes := forPackager(info.Contents, packager), c.contentNodes(packager)
	for i, content := range contents {
		var node *yaml.Node
		if len(nodes) == len(contents) { // else they come by a merge key, and have no place of their own
			node = nodes[i]
		}
		expanded, err := c.expandOne(info, packager, content, node)
		if err != nil && unitsOnly && !mayHoldUnits(content.Destination) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, one := range expanded {
			one.Destination = home(one.Destination, packager)
			if one.Type != files.TypeImplicitDir && !isHome(one.Destination, packager) {
				all = append(all, item{one, node})
			}
		}
	}
	return all, nil
}

func (c *config) expandOne(info *nfpm.Info, packager string, content *files.Content, node *yaml.Node) (files.Contents, error) {
	src := child(node, "src")
	if src == nil {
		src = node
	}
	list, err := files.PrepareForPackager(files.Contents{content}, info.Umask, packager, info.DisableGlobbing, info.MTime)
	if err == nil && slices.Contains([]string{files.TypeRPMDoc, files.TypeRPMLicence, files.TypeRPMLicense, files.TypeRPMReadme}, content.Type) {
		_, err = os.Stat(content.Source) // nfpm looks only when it writes
	}
	if errors.Is(err, fs.ErrNotExist) || err != nil && strings.Contains(err.Error(), "no matching files") {
		return nil, c.errorf(src, "contents: no file %s; build it first, or mend src (it is relative to the directory in which nodrop runs)", content.Source)
	}
	if err != nil {
		return nil, c.errorf(src, "contents: %w", err)
	}
	return list, nil
}

// forPackager are the entries that are for the packager; contentNodes are their places, in the same order.
func forPackager(contents files.Contents, packager string) files.Contents {
	return slices.DeleteFunc(slices.Clone(contents), func(f *files.Content) bool {
		return f.Packager != "" && f.Packager != packager
	})
}

func (c *config) contentNodes(packager string) []*yaml.Node {
	list := resolve(c.find(packager, "contents"))
	if list == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(list.Content), func(node *yaml.Node) bool {
		only := child(node, "packager")
		return only != nil && only.Value != "" && only.Value != packager
	})
}

// home moves what lies in a directory of systemd's to the one that the packager has for it.
func home(destination, packager string) string {
	for _, move := range [][2]string{
		{debUnits, unitDir(packager)}, {rpmUnits, unitDir(packager)},
		{"/lib/sysusers.d", sysusers}, {"/lib/tmpfiles.d", tmpfiles},
	} {
		if rest, ok := strings.CutPrefix(destination, move[0]+"/"); ok {
			return move[1] + "/" + rest
		}
	}
	return destination
}

// isHome reports whether the destination is such a directory itself: systemd's package owns it.
func isHome(destination, packager string) bool {
	return slices.Contains([]string{unitDir(packager), sysusers, tmpfiles}, path.Clean(destination))
}

// mayHoldUnits reports whether something at the destination could be a unit file or its like, or a directory of them.
func mayHoldUnits(destination string) bool {
	destination = path.Clean("/" + destination)
	for _, dir := range []string{debUnits, rpmUnits, sysusers, tmpfiles, "/lib/sysusers.d", "/lib/tmpfiles.d"} {
		if destination == "/" || strings.HasPrefix(destination+"/", dir+"/") || strings.HasPrefix(dir+"/", destination+"/") {
			return true
		}
	}
	return false
}

// refuseOdd names what may be in a package, but would not do what its author means together with ours.
func (c *config) refuseOdd(all []item) error {
	for _, i := range all {
		if strings.ContainsFunc(i.Destination, unicode.IsControl) {
			return c.errorf(i.node, "contents: the name %q has a control character in it, which dpkg and rpm cannot list; rename the file", i.Destination)
		}
		if path.Dir(i.Destination) == "/etc/systemd/system" && i.isFile() {
			return c.errorf(i.node, "%s: /etc/systemd/system belongs to the admin; ship the unit in %s", i.Destination, rpmUnits)
		}
	}
	return nil
}

// in lists the files directly in a directory.
func in(all []item, dir string) []item {
	return slices.DeleteFunc(slices.Clone(all), func(i item) bool {
		return path.Dir(i.Destination) != dir || !i.isFile()
	})
}

// names are the base names of the ".conf" files directly in a directory.
func names(all []item, dir string) []string {
	var list []string
	for _, i := range in(all, dir) {
		if path.Ext(i.Destination) == ".conf" {
			list = append(list, path.Base(i.Destination))
		}
	}
	slices.Sort(list)
	return list
}

// place describes the item in a message.
func (i item) place() string { return fmt.Sprintf("%s (from %s)", i.Destination, i.Source) }
