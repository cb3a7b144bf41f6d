# A failure is told and no more: rpm rolls nothing back, a failing scriptlet would only leave things half done.
nodrop_fail() {
	:
}
