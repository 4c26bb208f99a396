//go:build !race

package httpmw_test

import (
	"net/http"
	"testing"
)

// What a call may allocate, the engine and the memory store included.
const (
	firstCallAllocs = 9
	replayAllocs    = 5
)

func TestAllocs(t *testing.T) {
	const runs = 1000
	guarded := newGuard(t, newEngine(t)).Wrap(bare)
	keys := manyKeys(runs + 2)
	tests := map[string]struct {
		handler http.Handler
		key     func(call int) []string
		most    float64
	}{
		"bare":       {bare, func(int) []string { return keys[0] }, 0},
		"no key":     {guarded, func(int) []string { return nil }, 0},
		"first call": {guarded, func(call int) []string { return keys[call+1] }, firstCallAllocs},
		"replay":     {guarded, func(int) []string { return keys[0] }, replayAllocs},
	}
	for name, test := range tests {
		l, call := newLoad(), 0
		l.send(test.handler, keys[0]) // the replay's first call
		got := testing.AllocsPerRun(runs, func() {
			l.send(test.handler, test.key(call))
			call++
		})
		if got > test.most {
			t.Errorf("%s: %v allocations, want no more than %v", name, got, test.most)
		}
	}
}
