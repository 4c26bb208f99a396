package backendtest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
)

// brokenEnv is the environment variable with which the parent process selects the
// broken store.
const brokenEnv = "BACKENDTEST_BROKEN"

// TestSuiteFails checks that the suite fails for every broken store, in the group of
// the promise that the store breaks. The suite runs in a child process, because a
// failure would otherwise fail this test.
func TestSuiteFails(t *testing.T) {
	t.Parallel()
	for _, b := range brokenStores {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			out, err := runChild(b.name, b.group)
			if err == nil || !strings.Contains(out, "--- FAIL: TestChild/"+b.group) {
				t.Errorf("the suite did not fail in %s: %v\n%s", b.group, err, out)
			}
		})
	}
}

// TestSuitePasses is the control: the same child process with a correct store.
func TestSuitePasses(t *testing.T) {
	if out, err := runChild("none", ""); err != nil {
		t.Errorf("the suite failed on a correct store: %v\n%s", err, out)
	}
}

// runChild runs one group of the suite, or all of them, in a child process.
func runChild(broken, group string) (string, error) { return runChildOf("TestChild", broken, group) }

func runChildOf(test, broken, group string) (string, error) {
	child := exec.Command(os.Args[0], "-test.run=^"+test+"$/^"+group, "-test.v")
	child.Env = append(os.Environ(), brokenEnv+"="+broken)
	out, err := child.CombinedOutput()
	return string(out), err
}

// TestChild runs the suite in a child process. Without one it does nothing.
func TestChild(t *testing.T) {
	broken, ok := os.LookupEnv(brokenEnv)
	if !ok {
		return
	}
	backendtest.Run(t, over(func(store *memstore.Store) backend.Store {
		return breakStore(broken, store)
	}))
}

// over returns a harness for stores that wrap a memstore.
func over(wrap func(*memstore.Store) backend.Store) backendtest.Harness {
	return backendtest.Harness{
		Open: func(tb testing.TB) backend.Store {
			tb.Helper()
			store := memstore.New()
			tb.Cleanup(func() { _ = store.Close() })
			return wrap(store)
		},
		Held: func(_ testing.TB, store backend.Store) int {
			return store.(interface{ Len() int }).Len()
		},
		Subtest: func(t *testing.T, name string, f func(t *testing.T)) {
			t.Helper()
			t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
		},
	}
}

// breakStore returns the store with the named defect.
func breakStore(name string, store *memstore.Store) backend.Store {
	for _, b := range brokenStores {
		if b.name == name {
			return b.wrap(store)
		}
	}
	return store
}
