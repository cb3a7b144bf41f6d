# Users of the package exist before anything of it runs.
systemd-sysusers @SYSUSERS@ || nodrop_warn @PACKAGE@ "systemd-sysusers failed (see above)"
