package drill

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// WriteGitHub writes the verdict, what was lost by each kind of client, and the warnings as commands that GitHub Actions turns
// into annotations of the run, a line each:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
func (r *Report) WriteGitHub(w io.Writer) error {
	var b bytes.Buffer
	outcome, headline, _ := strings.Cut(r.Verdict(), " ")
	level := "error"
	if outcome == "PASS" {
		level = "notice"
	}
	annotate(&b, level, "nodrop drill: "+outcome, headline)
	for _, row := range r.Kinds {
		if !row.lossy() {
			continue
		}
		text := row.losses()
		if causes := r.causes(row.Kind); causes != "" {
			text += "\n" + strings.TrimSuffix(causes, "\n")
		}
		annotate(&b, level, fmt.Sprintf("nodrop drill: %s clients", row.Kind), text)
	}
	for _, warning := range r.Warnings {
		annotate(&b, "warning", "nodrop drill", warning)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing annotations: %w", err)
	}
	return nil
}

// What may not be in the text of a command, and in a property before it.
var (
	githubText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func annotate(w io.Writer, level, title, text string) {
	fmt.Fprintf(w, "::%s title=%s::%s\n", level, githubProperty.Replace(title), githubText.Replace(text))
}

// WriteMarkdown writes the report in GitHub's Markdown: the verdict, a table of the kinds, causes and warnings.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b bytes.Buffer
	outcome, headline, _ := strings.Cut(r.Verdict(), " ")
	fmt.Fprintf(&b, "### Drill: %s\n\n%s\n\n", outcome, markdown(capitalised(headline)))
	if len(r.Kinds) > 0 {
		b.WriteString("| kind | clients | requests | failed | closed | longest wait before | during | after |\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
		for _, row := range append(r.Kinds[:len(r.Kinds):len(r.Kinds)], r.Total) {
			fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s | %s | %s |\n", row.Kind, row.Clients, grouped(row.Requests), grouped(row.Failed),
				grouped(row.Connections.Closed), row.Before.wait(), row.During.wait(), row.After.wait())
		}
		b.WriteString("\n")
	}
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "- %s\n", markdown(e.String()))
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&b, "- Warning: %s\n", markdown(warning))
	}
	b.WriteString("\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}

// markdown escapes a text so that it is shown as it is: a backslash before any ASCII punctuation
// (https://spec.commonmark.org, backslash escapes), and one line.
func markdown(text string) string {
	var b strings.Builder
	for _, c := range strings.Join(strings.Fields(text), " ") {
		if strings.ContainsRune("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(visible(c))
	}
	return b.String()
}
