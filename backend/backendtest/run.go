package backendtest

import (
	"slices"
	"testing"

	"github.com/oncewire/idempotency/backend"
)

// promises lists the groups in the order of the promises that they check.
var promises = []group{
	promise01, promise02, promise03, promise04, promise05, promise06, promise07,
	promise08, promise09, promise10, promise11, promise12, promise13, promise14,
	linearizable,
}

// Run checks every promise. It also tests [backend.Waiter] and
// [backend.Remaining] if the store implements them.
func Run(t *testing.T, h Harness) {
	t.Helper()
	groups, store := slices.Clip(promises), h.Open(t)
	if _, ok := store.(backend.Waiter); ok {
		groups = append(groups, waiting)
	}
	if _, ok := store.(backend.Remaining); ok {
		groups = append(groups, remaining)
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.run(t, h.withDefaults()) })
	}
}
