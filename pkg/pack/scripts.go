package pack

import (
	"os"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/nodrop/nodrop/pkg/maintscript"
)

// ownScripts reads the scripts of the configuration that are to be built into ours.
func (c *config) ownScripts(info *nfpm.Info, packager string) (map[maintscript.Hook]maintscript.Own, error) {
	own := map[maintscript.Hook]maintscript.Own{}
	for hook, path := range hooks(info, packager) {
		if *path == "" {
			continue
		}
		data, err := os.ReadFile(*path)
		if err != nil {
			return nil, c.errorf(c.find(packager, strings.Split(string(hook), ".")...), "%s: %w", hook, err)
		}
		own[hook] = maintscript.Own{Path: *path, Data: data}
	}
	return own, nil
}

// hooks are the settings of nfpm that name a script which we write.
func hooks(info *nfpm.Info, packager string) map[maintscript.Hook]*string {
	all := map[maintscript.Hook]*string{
		maintscript.PreInstall:  &info.Scripts.PreInstall,
		maintscript.PostInstall: &info.Scripts.PostInstall,
		maintscript.PreRemove:   &info.Scripts.PreRemove,
		maintscript.PostRemove:  &info.Scripts.PostRemove,
	}
	if packager == "rpm" {
		all[maintscript.PostTrans] = &info.RPM.Scripts.PostTrans
	}
	return all
}

// hook is the setting of nfpm for a script of ours.
func hook(script string) maintscript.Hook {
	return map[string]maintscript.Hook{
		"preinst": maintscript.PreInstall, "postinst": maintscript.PostInstall,
		"prerm": maintscript.PreRemove, "postrm": maintscript.PostRemove,
		"pre": maintscript.PreInstall, "post": maintscript.PostInstall, "preun": maintscript.PreRemove,
		"postun": maintscript.PostRemove, "posttrans": maintscript.PostTrans,
	}[script]
}
