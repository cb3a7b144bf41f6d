# Directories of the package exist before anything of it runs.
systemd-tmpfiles --create @TMPFILES@ || nodrop_warn @PACKAGE@ "systemd-tmpfiles had problems (see above)"
