package main

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/perf/benchmath"
	"golang.org/x/perf/benchunit"
)

// table shows the benchmarks of one name: a row for each configuration, a column for each
// subject, and the ratio of two subjects by the first unit.
type table struct {
	title   string
	base    string
	rows    []string // the keys of the configuration that name a row
	units   []string
	columns []string
	ratio   [2]string
}

var headings = map[string]string{
	"bare": "no guard", "barefiber": "no guard, on Fiber", "ours": "this library", "fiber": "Fiber's idempotency", "raw": "raw commands",
	"memstore": "memstore alone", "calls/s": "calls/s", "sec/op": "time", "allocs/op": "allocations", "p50-sec": "p50", "p99-sec": "p99",
	"B/record": "B a record", "gc-sec": "one garbage collection", "B/expired": "B a record that has expired",
}

// text returns the table in Markdown; empty if the run has none of its benchmarks.
func (t table) text(r *run) string {
	var names []string
	cells := map[string]map[string]*series{}
	for _, s := range r.series {
		if s.base != t.base {
			continue
		}
		name := t.row(s)
		if cells[name] == nil {
			cells[name] = map[string]*series{}
			names = append(names, name)
		}
		cells[name][s.config["subject"]] = s
	}
	if len(names) == 0 {
		return ""
	}
	var text strings.Builder
	fmt.Fprintf(&text, "### %s\n\nA cell has: %s.\n\n| |", t.title, t.legend())
	for _, column := range t.columns {
		fmt.Fprintf(&text, " %s |", headings[column])
	}
	fmt.Fprintf(&text, "%s\n|---|%s\n", t.ratioHeading(), strings.Repeat("---|", len(t.columns)+strings.Count(t.ratioHeading(), "|")))
	for _, name := range names {
		fmt.Fprintf(&text, "| %s |", name)
		for _, column := range t.columns {
			fmt.Fprintf(&text, " %s |", t.cell(cells[name][column]))
		}
		fmt.Fprintf(&text, "%s\n", t.compare(cells[name]))
	}
	return text.String() + "\n"
}

func (t table) row(s *series) string {
	values := make([]string, 0, len(t.rows))
	for _, key := range t.rows {
		switch key {
		case "callers":
			values = append(values, s.config[key]+" callers")
		case "pipeline":
			values = append(values, "auto-pipelining "+s.config[key])
		default:
			values = append(values, s.config[key])
		}
	}
	return strings.Join(slices.DeleteFunc(values, func(v string) bool { return v == "" }), ", ")
}

func (t table) legend() string {
	names := make([]string, len(t.units))
	for i, unit := range t.units {
		names[i] = headings[unit]
	}
	return strings.Join(names, "; ")
}

func (t table) cell(s *series) string {
	var values []string
	for _, unit := range t.units {
		if sample := s.sample(unit); sample != nil {
			values = append(values, median(sample, unit))
		}
	}
	if len(values) == 0 {
		return "-"
	}
	return strings.Join(values, "; ")
}

// median returns the median of a sample with its unit and, for a time or a rate, half the
// width of its confidence interval of 95 %.
func median(sample *benchmath.Sample, unit string) string {
	summary := benchmath.AssumeNothing.Summary(sample, 0.95)
	quantity, _, _ := strings.Cut(unit, "/")
	switch {
	case strings.HasSuffix(quantity, "sec"):
		return benchunit.Scale(summary.Center, benchunit.Decimal) + "s ±" + percent(summary)
	case quantity == "calls":
		return benchunit.Scale(summary.Center, benchunit.Decimal) + " ±" + percent(summary)
	default:
		return fmt.Sprintf("%.0f", summary.Center)
	}
}

func percent(summary benchmath.Summary) string {
	return strings.ReplaceAll(strings.TrimLeft(summary.PctRangeString(), "± "), "%", " %")
}

func (t table) ratioHeading() string {
	if t.ratio[0] == "" {
		return ""
	}
	return " " + headings[t.ratio[0]] + " / " + headings[t.ratio[1]] + " |"
}

// compare returns the ratio of the medians, or "~" if chance explains the difference
// (Mann-Whitney U test, p >= 0.05).
func (t table) compare(row map[string]*series) string {
	if t.ratio[0] == "" {
		return ""
	}
	ours, other := row[t.ratio[0]].sample(t.units[0]), row[t.ratio[1]].sample(t.units[0])
	if ours == nil || other == nil {
		return " - |"
	}
	a, b := benchmath.AssumeNothing.Summary(ours, 0.95).Center, benchmath.AssumeNothing.Summary(other, 0.95).Center
	if benchmath.AssumeNothing.Compare(ours, other).P >= 0.05 {
		return " ~ |"
	}
	return fmt.Sprintf(" %.2f |", a/b)
}
