package lint

import (
	"encoding/json"
	"io"
	"net/url"
	"path"
)

// WriteJSON writes the findings as an array of objects.
func WriteJSON(w io.Writer, results []Result) error {
	type object struct {
		Rule     string   `json:"rule"`
		Category Category `json:"category"`
		Severity Severity `json:"severity"`
		File     string   `json:"file"`
		Line     int      `json:"line"`
		Why      string   `json:"why"`
		Fix      string   `json:"fix"`
		Drops    bool     `json:"drops"`
		HelpURI  string   `json:"helpUri"`
	}
	all := []object{}
	for _, f := range findings(results) {
		all = append(all, object{f.Rule, f.Category, f.Severity, f.File, f.Line, f.Why, f.Fix, f.Drops, rule(f.Rule).Page()})
	}
	return encode(w, all)
}

func findings(results []Result) (all []Finding) {
	for _, r := range results {
		all = append(all, r.Findings...)
	}
	return all
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// WriteSARIF writes the findings as SARIF 2.1.0 (OASIS), which code hosts read. version is nodrop's.
func WriteSARIF(w io.Writer, results []Result, version string) error {
	type text struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	type sarifRule struct {
		ID               string            `json:"id"`
		ShortDescription text              `json:"shortDescription"`
		FullDescription  text              `json:"fullDescription"`
		Help             text              `json:"help"`
		HelpURI          string            `json:"helpUri"`
		Properties       map[string]string `json:"properties"`
	}
	type region struct {
		StartLine int `json:"startLine"`
	}
	type artifact struct {
		URI string `json:"uri"`
	}
	type physical struct {
		Artifact artifact `json:"artifactLocation"`
		Region   *region  `json:"region,omitempty"`
	}
	type location struct {
		Physical physical `json:"physicalLocation"`
	}
	type result struct {
		RuleID    string     `json:"ruleId"`
		RuleIndex int        `json:"ruleIndex"`
		Level     Severity   `json:"level"`
		Message   text       `json:"message"`
		Locations []location `json:"locations"`
	}
	type driver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	type tool struct {
		Driver driver `json:"driver"`
	}
	type run struct {
		Tool    tool     `json:"tool"`
		Results []result `json:"results"`
	}
	d := driver{Name: "nodrop lint", Version: version, InformationURI: "https://github.com/nodrop/nodrop"}
	index := map[string]int{}
	for i, r := range Rules() {
		index[r.ID] = i
		d.Rules = append(d.Rules, sarifRule{r.ID, text{Text: r.Title}, text{Text: r.Why}, text{r.Fix, r.Fix}, r.Page(),
			map[string]string{"category": string(r.Category)}})
	}
	all := []result{}
	for _, f := range findings(results) {
		place := physical{Artifact: artifact{uri(f.File)}}
		if f.Line > 0 {
			place.Region = &region{f.Line}
		}
		all = append(all, result{f.Rule, index[f.Rule], f.Severity, text{Text: f.Why + " Fix: " + f.Fix}, []location{{place}}})
	}
	return encode(w, struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []run{{tool{d}, all}}})
}

// uri is the place of a file as a URI: a relative one, unless the path is absolute.
func uri(file string) string {
	u := url.URL{Path: file}
	if path.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}
