package activator

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// forever is longer than anything that is waited for.
const forever = time.Duration(math.MaxInt64)

var spanPart = regexp.MustCompile(`^\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zµ]*)\s*`)

var spanUnits = map[string]time.Duration{
	"us": time.Microsecond, "µs": time.Microsecond, "usec": time.Microsecond,
	"ms": time.Millisecond, "msec": time.Millisecond,
	"": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
}

// parseSpan reads a time span (systemd.time(7)); a number alone is seconds.
func parseSpan(text string) (time.Duration, error) {
	if text == "infinity" {
		return forever, nil
	}
	var total float64
	rest := text
	for first := true; first || rest != ""; first = false {
		m := spanPart.FindStringSubmatch(rest)
		if m == nil || spanUnits[m[2]] == 0 {
			return 0, fmt.Errorf("%q is no time span, such as 90s or 1min 30s", text)
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no time span: %w", text, err)
		}
		total += n * float64(spanUnits[m[2]])
		rest = rest[len(m[0]):]
	}
	if total >= float64(forever) {
		return forever, nil
	}
	return time.Duration(total), nil
}

// splitWords splits a line at white space, but for what is quoted, and resolves
// escapes (systemd.syntax(7)).
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quote, begun := byte(0), false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\':
			if i++; i == len(line) {
				return nil, errors.New("a backslash at the end")
			}
			word.WriteByte(escaped(line[i]))
			begun = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a %c that is not closed", quote)
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

func escaped(c byte) byte {
	if i := strings.IndexByte("nrts", c); i >= 0 {
		return "\n\r\t "[i]
	}
	return c
}

// parseEnvironment reads the text of an EnvironmentFile= (systemd.exec(5)).
func parseEnvironment(text string) []string {
	var env []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.ContainsAny(line[:1], "#;") {
			continue
		}
		value = strings.TrimSpace(value)
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		env = append(env, strings.TrimSpace(name)+"="+value)
	}
	return env
}

// substitute resolves variables in a command: ${NAME} anywhere, and $NAME as a
// word of its own, which becomes as many words as its value has
// (systemd.service(5)). The last of several values counts.
func substitute(words, env []string) []string {
	values := map[string]string{}
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		values[name] = value
	}
	out := words[:1:1]
	for _, word := range words[1:] {
		if name, ok := strings.CutPrefix(word, "$"); ok && name != "" && !strings.ContainsAny(name, "${}") {
			out = append(out, strings.Fields(values[name])...)
			continue
		}
		out = append(out, braced.ReplaceAllStringFunc(word, func(text string) string {
			if text == "$$" {
				return "$"
			}
			return values[text[2:len(text)-1]]
		}))
	}
	return out
}

var braced = regexp.MustCompile(`\$\$|\$\{[A-Za-z_][A-Za-z0-9_]*\}`)
