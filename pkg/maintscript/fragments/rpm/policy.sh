# There is no policy-rc.d here: presets decide what is enabled, and what is enabled may start.
nodrop_allowed() { # ACTION UNIT
	:
}
