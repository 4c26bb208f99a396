package idempotency_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
)

type requestKey struct{}

// TestRetriesHoldNothingOfTheRequest while the store is down: neither its
// context nor what its handler and its fingerprint were made of.
func TestRetriesHoldNothingOfTheRequest(t *testing.T) {
	for name, fail := range map[string]func(*shaky){
		"recording": func(s *shaky) { s.on(backendtest.OpComplete, every(down)) },
		"claim":     func(s *shaky) { s.on(backendtest.OpClaim, every(lost)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newShaky(openStore(t))
				fail(store)
				engine := newEngine(t, store)
				request := runWith(t, engine)
				synctest.Wait()
				for range 3 {
					runtime.GC()
				}
				if request.Value() != nil {
					t.Error("the request is still held")
				}
				time.Sleep(2 * time.Minute) // until the retries are given up
			})
		})
	}
}

// body is a request, which can make its own fingerprint again.
type body [1 << 20]byte

func (b *body) Rehash(byte) (backend.Fingerprint, bool) {
	return backend.Fingerprint{1, b[0]}, true
}

// runWith runs a call that holds a request in every way a call can.
//
//go:noinline
func runWith(t *testing.T, engine *idempotency.Engine) weak.Pointer[body] {
	t.Helper()
	request := new(body)
	ctx := context.WithValue(t.Context(), requestKey{}, request)
	call := payment("k")
	call.Rehasher = request
	_, _ = run(ctx, engine, call, func(context.Context) idempotency.Answer {
		request[0]++
		return recording("paid").answer
	})
	return weak.Make(request)
}
