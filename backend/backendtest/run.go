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

// transactional lists those of the promises about a [backend.Transactor].
var transactional = []group{promise15, promise16, promise17, promise18, promise19}

// Run checks every promise, and those from 15 on if the store is a
// [backend.Transactor]. It also tests [backend.Waiter] and [backend.Remaining] if the
// store implements them.
func Run(t *testing.T, h Harness) {
	t.Helper()
	groups, store := slices.Clip(promises), h.Open(t)
	if _, ok := store.(backend.Waiter); ok {
		groups = append(groups, waiting)
	}
	if _, ok := store.(backend.Remaining); ok {
		groups = append(groups, remaining)
	}
	if _, ok := store.(backend.Transactor); ok {
		if h.Write == nil || h.Written == nil {
			t.Fatal("the store is a Transactor, so its Harness needs Write and Written")
		}
		groups = append(groups, transactional...)
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.run(t, h.withDefaults()) })
	}
}
