package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type dashboard struct {
	Templating struct {
		List []struct {
			Name  string          `json:"name"`
			Query json.RawMessage `json:"query"`
		} `json:"list"`
	} `json:"templating"`
	Panels []struct {
		Title   string `json:"title"`
		Targets []struct {
			Expr         string `json:"expr"`
			LegendFormat string `json:"legendFormat"`
		} `json:"targets"`
	} `json:"panels"`
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	file, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(file, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// The parts of a PromQL expression with the names of metrics and labels. All metrics
// here begin with idempotency_. So do most labels, which are only in braces and
// after "by".
var (
	selector = regexp.MustCompile(`(idempotency_\w+)\{([^}]*)\}`)
	matcher  = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring)\s*\(([^)]*)\)`)
	legend   = regexp.MustCompile(`\{\{(\w+)\}\}`)
	name     = regexp.MustCompile(`idempotency_\w+`)
)

// TestDashboardShowsWhatIsExported : every panel has data, and every metric has a
// panel.
func TestDashboardShowsWhatIsExported(t *testing.T) {
	seen, shown := scrapeAll(t), map[string]bool{}
	for _, panel := range readDashboard(t).Panels {
		if len(panel.Targets) == 0 {
			t.Errorf("%s: shows nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			for _, problem := range seen.check(target.Expr, target.LegendFormat, shown) {
				t.Errorf("%s: %s, in %s", panel.Title, problem, target.Expr)
			}
		}
	}
	for metric := range seen {
		part := strings.HasSuffix(metric, "_sum") || strings.HasSuffix(metric, "_count")
		if name.MatchString(metric) && !part && !shown[metric] {
			t.Errorf("no panel shows %s", metric)
		}
	}
}

// check returns the metrics, labels and values of an expression that do not exist. It
// adds the metrics of the expression to those that are shown.
func (s scrape) check(expr, legendFormat string, shown map[string]bool) (problems []string) {
	for _, selected := range selector.FindAllStringSubmatch(expr, -1) {
		metric, matchers := selected[1], matcher.FindAllStringSubmatch(selected[2], -1)
		shown[metric] = true
		if s[metric] == nil {
			problems = append(problems, "no metric "+metric)
		} else if !slices.ContainsFunc(s[metric], func(series map[string]string) bool { return fits(series, matchers) }) {
			problems = append(problems, "no series of "+metric+" fits "+selected[2])
		}
		for _, label := range grouped(expr, legendFormat) {
			if !s.hasLabel(metric, label) {
				problems = append(problems, "no label "+label+" on "+metric)
			}
		}
	}
	rest := grouping.ReplaceAllString(selector.ReplaceAllString(expr, ""), "")
	for _, metric := range name.FindAllString(rest, -1) {
		problems = append(problems, "no selector after "+metric)
	}
	return problems
}

// fits compares like Prometheus. A variable matches any value.
func fits(series map[string]string, matchers [][]string) bool {
	for _, m := range matchers {
		label, operator, value := m[1], m[2], m[3]
		got, exists := series[label]
		if !exists {
			return false
		}
		if strings.Contains(value, "$") {
			continue
		}
		equal := got == value
		if strings.HasSuffix(operator, "~") {
			equal = regexp.MustCompile("^(?:" + value + ")$").MatchString(got)
		}
		if equal == strings.HasPrefix(operator, "!") {
			return false
		}
	}
	return true
}

// grouped returns the labels that an expression groups by and a legend names.
func grouped(expr, legendFormat string) (labels []string) {
	for _, group := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(group[1], ",") {
			labels = append(labels, strings.TrimSpace(label))
		}
	}
	for _, label := range legend.FindAllStringSubmatch(legendFormat, -1) {
		labels = append(labels, label[1])
	}
	return labels
}

func (s scrape) hasLabel(metric, label string) bool {
	return slices.ContainsFunc(s[metric], func(series map[string]string) bool {
		_, ok := series[label]
		return ok
	})
}

func TestOperationVariable(t *testing.T) {
	seen := scrapeAll(t)
	for _, variable := range readDashboard(t).Templating.List {
		if variable.Name != "operation" {
			continue
		}
		found := regexp.MustCompile(`label_values\((\w+), (\w+)\)`).FindSubmatch(variable.Query)
		if found == nil || !seen.hasLabel(string(found[1]), string(found[2])) {
			t.Errorf("the variable uses %s, which does not exist", variable.Query)
		}
		return
	}
	t.Error("no variable for the operation")
}

// TestCheckFindsMistakes that are common in dashboards.
func TestCheckFindsMistakes(t *testing.T) {
	seen := scrape{"idempotency_calls_total": {{"idempotency_outcome": "replayed"}}}
	for expr, mistakes := range map[string]int{
		`sum(rate(idempotency_calls_total{idempotency_outcome="replayed"}[1m]))`:             0,
		`sum by (idempotency_outcome) (idempotency_calls_total{idempotency_outcome=~"rep"})`: 1,
		`sum(idempotency_calls_total{idempotency_outcome="reused"})`:                         1,
		`sum(idempotency_calls_total{outcome="replayed"})`:                                   1,
		`sum(idempotency_calls{idempotency_outcome="replayed"})`:                             1,
		`sum by (outcome) (idempotency_calls_total{})`:                                       1,
		`sum(idempotency_calls_total)`:                                                       1,
	} {
		if problems := seen.check(expr, "", map[string]bool{}); len(problems) != mistakes {
			t.Errorf("%s: got %q, want %d problems", expr, problems, mistakes)
		}
	}
}
