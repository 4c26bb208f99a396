package benchmarks_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/oncewire/idempotency/benchmarks/internal/subject"
)

// prepared makes one kind of work.
type prepared struct {
	// call makes one call. Only first and none use the key.
	call func(key string) (status int, answer []byte)
	end  func()
}

var usedKeys atomic.Int64

// freshKey returns a key that no call had. Its number is below 10,000,000.
func freshKey() string { return subject.Key(int(usedKeys.Add(1))) }

// prepare brings the server into the state that the work needs.
func prepare(tb testing.TB, server subject.Server, effect *subject.Effect, size subject.Size, work string) prepared {
	tb.Helper()
	caller, body := server.Dial(), size.Request(0)
	fixed := func(key string, body []byte) func(string) (int, []byte) {
		return func(string) (int, []byte) { return caller(key, body) }
	}
	switch work {
	case "none":
		return prepared{fixed("", body), func() {}}
	case "first":
		return prepared{func(key string) (int, []byte) { return caller(key, body) }, func() {}}
	case "running":
		held := freshKey()
		return prepared{fixed(held, body), hold(server, effect, held, body)}
	default: // replay, mismatch
		done := freshKey()
		if status, _ := caller(done, body); status != http.StatusCreated {
			tb.Fatalf("the first call was answered with %d", status)
		}
		if work == "mismatch" {
			body = size.Request(1)
		}
		return prepared{fixed(done, body), func() {}}
	}
}

// hold makes a call that runs until the returned function is called.
func hold(server subject.Server, effect *subject.Effect, key string, body []byte) (release func()) {
	effect.Hold()
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Dial()(key, body)
	}()
	<-effect.Entered
	return func() {
		close(effect.Leave)
		<-done
		effect.Entered, effect.Leave = nil, nil
	}
}
