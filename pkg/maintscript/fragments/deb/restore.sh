# A removal that was called off: what prerm stopped runs again, exactly that.
nodrop_restored=
if [ -s "$nodrop_state.stopped" ]; then
	nodrop_restored=yes
	while read -r nodrop_unit; do
		nodrop_start "$nodrop_unit"
	done <"$nodrop_state.stopped"
fi
