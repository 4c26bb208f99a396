package idempotency_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
)

// TestEveryFieldOfASettingIsDocumented, and no field that does not exist.
func TestEveryFieldOfASettingIsDocumented(t *testing.T) {
	for heading, setting := range map[string]any{
		"### Policies":  idempotency.Policy{},
		"### Key rules": idempotency.KeyRules{},
		"### Limits":    idempotency.Limits{},
	} {
		var documented, existing []string
		for _, row := range tableAfter(t, document(t, "configuration.md"), heading) {
			for name := range strings.SplitSeq(row[0], ", ") {
				documented = append(documented, strings.Trim(name, "`"))
			}
		}
		for _, field := range reflect.VisibleFields(reflect.TypeOf(setting)) {
			existing = append(existing, field.Name)
		}
		slices.Sort(documented)
		slices.Sort(existing)
		equal(t, heading, strings.Join(documented, " "), strings.Join(existing, " "))
	}
}

// tableAfter returns the cells of the first table after a heading, without its
// first row.
func tableAfter(t *testing.T, text, heading string) (rows [][]string) {
	t.Helper()
	_, after, found := strings.Cut(text, "\n"+heading+"\n")
	if !found {
		t.Fatalf("there is no %q", heading)
	}
	_, after, _ = strings.Cut(after, "\n|---")
	for line := range strings.Lines(after) {
		switch {
		case strings.HasPrefix(line, "| "):
			rows = append(rows, cells(line))
		case len(rows) > 0:
			return rows
		}
	}
	return rows
}

func cells(line string) []string {
	cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}
