// What is wrong with the layout of a report, in words; nothing if all is well.
(() => {
	const faults = [];
	const seen = e => e.checkVisibility() && e.getBoundingClientRect().width > 0;
	const start = e => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`;
	const width = document.documentElement.clientWidth;

	// Nothing is wider than the page or than what it is in.
	if (document.documentElement.scrollWidth > width) {
		faults.push(`the page is ${document.documentElement.scrollWidth} px wide`);
	}
	for (const e of document.querySelectorAll("main *:not(thead, thead *, svg *)")) {
		if (!seen(e)) continue;
		const box = e.getBoundingClientRect();
		if (box.right > width + 0.5 || box.left < -0.5) faults.push(`beyond the edge: ${start(e)}`);
		if (getComputedStyle(e).display != "inline" && e.scrollWidth > e.clientWidth + 1) faults.push(`too wide for its place: ${start(e)}`);
	}

	// The texts of the picture are in it, do not collide, and can be read.
	const texts = [...document.querySelectorAll("svg text")].filter(seen);
	for (const [i, a] of texts.entries()) {
		const p = a.getBoundingClientRect();
		const svg = a.ownerSVGElement;
		const frame = svg.getBoundingClientRect();
		if (p.left < frame.left - 0.5 || p.right > frame.right + 0.5 || p.top < frame.top - 0.5 || p.bottom > frame.bottom + 0.5) {
			faults.push(`out of the picture: ${start(a)}`);
		}
		if (parseFloat(getComputedStyle(a).fontSize) * frame.width / svg.viewBox.baseVal.width < 9.5) faults.push(`too small: ${start(a)}`);
		for (const b of texts.slice(i + 1)) {
			const q = b.getBoundingClientRect();
			const x = Math.min(p.right, q.right) - Math.max(p.left, q.left);
			const y = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
			if (x > 0 && y > 2) faults.push(`texts collide: ${start(a)} | ${start(b)}`);
		}
	}

	// Contrast of text, as WCAG 2.2 (1.4.3) has it.
	const numbers = color => color.match(/[\d.]+/g).map(Number);
	const luminance = ([r, g, b]) => {
		[r, g, b] = [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	const behind = e => {
		if (e.matches("svg .in")) return numbers(getComputedStyle(e.previousElementSibling).fill); // the bar that it is written on
		for (; e; e = e.parentElement) {
			const color = numbers(getComputedStyle(e).backgroundColor);
			if (color.length == 3 || color[3] > 0) return color;
		}
		return [255, 255, 255];
	};
	for (const e of document.querySelectorAll("main *:not(svg title, svg desc)")) {
		if (!seen(e) || ![...e.childNodes].some(n => n.nodeType == Node.TEXT_NODE && n.data.trim())) continue;
		const style = getComputedStyle(e);
		const found = contrast(luminance(numbers(e.closest("svg") ? style.fill : style.color)), luminance(behind(e)));
		if (found < 4.5) faults.push(`contrast of ${found.toFixed(2)}: ${start(e)}`);
	}
	return faults;
})()
