package backendtest

import "testing"

// group is the tests of one promise.
type group struct {
	name  string
	tests []test
}

type test struct {
	name string
	run  func(f *fixture)
}

func (g group) run(t *testing.T, h Harness) {
	t.Helper()
	for _, c := range g.tests {
		h.Subtest(t, c.name, func(t *testing.T) {
			t.Helper()
			c.run(&fixture{TB: t, Harness: h, store: h.Open(t)})
		})
	}
}
