// What hostile texts achieved in a page, in words; nothing if all is well.
[
	window.hacked === undefined ? "" : "a script ran",
	...[...document.querySelectorAll("script, img, iframe, object, embed, form, base, link:not([rel=icon])")].map(e => e.outerHTML),
	...[...document.querySelectorAll("*")].flatMap(e => [...e.attributes])
		.filter(a => a.name.startsWith("on") || a.value.trim().startsWith("javascript:")).map(a => `${a.name}=${a.value}`),
].filter(Boolean)
