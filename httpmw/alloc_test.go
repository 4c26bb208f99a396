//go:build !race

package httpmw_test

import (
	"net/http"
	"testing"
)

// What a call may allocate, the engine and the memory store included.
const (
	firstCallAllocs = 7
	replayAllocs    = 4
	refusalAllocs   = 6
)

func TestAllocs(t *testing.T) {
	const runs = 1000
	guarded := newGuard(t, newEngine(t)).Wrap(bare)
	keys := manyKeys(runs + 2)
	running, end := block(t)
	defer end()
	tests := map[string]struct {
		handler http.Handler
		key     func(call int) []string
		most    float64
	}{
		"bare":       {bare, func(int) []string { return keys[0] }, 0},
		"no key":     {guarded, func(int) []string { return nil }, 0},
		"first call": {guarded, func(call int) []string { return keys[call+1] }, firstCallAllocs},
		"replay":     {guarded, func(int) []string { return keys[0] }, replayAllocs},

		"in progress":   {running, func(int) []string { return keys[0] }, refusalAllocs},
		"other content": {guarded, func(int) []string { return keys[0] }, refusalAllocs},
	}
	for name, test := range tests {
		l, call := newLoad(), 0
		l.send(test.handler, keys[0]) // the replay's first call
		if name == "other content" {
			l.content = l.content[1:]
		}
		got := testing.AllocsPerRun(runs, func() {
			l.send(test.handler, test.key(call))
			call++
		})
		if got > test.most {
			t.Errorf("%s: %v allocations, want no more than %v", name, got, test.most)
		}
	}
}

// block returns a guarded handler in which a call with the first key runs until end.
func block(t *testing.T) (guarded http.Handler, end func()) {
	t.Helper()
	started, ended := make(chan struct{}), make(chan struct{})
	guarded = newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(started)
		<-ended
	}))
	go newLoad().send(guarded, manyKeys(1)[0])
	<-started
	return guarded, func() { close(ended) }
}
