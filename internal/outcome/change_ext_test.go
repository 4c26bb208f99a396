package outcome_test

import (
	"testing"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/internal/outcome"
)

var changes = []outcome.Change{
	{Name: "Made", Values: []string{"by the handler"}},
	{Name: "Replaced", Values: []string{"new"}},
	{Name: "Vary", Kind: outcome.Appended, Values: []string{"Accept", "Origin"}},
	{Name: "Link", Kind: outcome.Appended, Values: []string{"</a>"}},
	{Name: "X-Powered-By", Kind: outcome.Removed},
	{Name: "Absent", Kind: outcome.Removed},
}

func TestChangesAreApplied(t *testing.T) {
	response := outcome.HTTP{Status: 200, Headers: changes, Trailers: changes}
	raw := response.Marshal()
	equal(t, "room left", cap(raw)-len(raw), 0)
	stored, err := outcome.ReadHTTP(raw)
	ok(t, err)
	for most, fields := range map[int]outcome.Fields{0: stored.Headers, 1: stored.Trailers, 100: stored.Headers} {
		vary := append(make([]string, 0, 8), "Cookie")
		into := map[string][]string{"Replaced": {"old", "old"}, "Vary": vary, "X-Powered-By": {"Go"}, "Other": {"1"}}
		fields.ApplyTo(into, make([]string, 0, most))
		sameFields(t, "fields", into, map[string][]string{
			"Made": {"by the handler"}, "Replaced": {"new"}, "Vary": {"Cookie", "Accept", "Origin"}, "Link": {"</a>"}, "Other": {"1"},
		})
		equal(t, "room after the earlier value", vary[:2][1], "")
	}
}

func TestChangesConformToTheSchema(t *testing.T) {
	response := outcome.HTTP{Status: 200, Headers: changes}
	want := []idempotencyv1.Field_Change{
		idempotencyv1.Field_CHANGE_UNSPECIFIED, idempotencyv1.Field_CHANGE_UNSPECIFIED,
		idempotencyv1.Field_CHANGE_APPENDED, idempotencyv1.Field_CHANGE_APPENDED,
		idempotencyv1.Field_CHANGE_REMOVED, idempotencyv1.Field_CHANGE_REMOVED,
	}
	for i, field := range parsed(t, response.Marshal()).GetHttp().GetHeaders() {
		equal(t, "name", field.GetName(), changes[i].Name)
		equal(t, "change of "+field.GetName(), field.GetChange(), want[i])
		equal(t, "values of "+field.GetName(), len(field.GetValues()), len(changes[i].Values))
	}
}

// TestChangeOfALaterVersionIsUnreadable: to ignore it would change the answer.
func TestChangeOfALaterVersionIsUnreadable(t *testing.T) {
	_, err := outcome.ReadHTTP(wire(t, httpOutcome(&idempotencyv1.HttpOutcome{
		Status: 200, Headers: []*idempotencyv1.Field{{Name: "Vary", Change: 3}},
	})))
	unreadable(t, err)
}
