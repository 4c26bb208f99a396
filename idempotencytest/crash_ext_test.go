package idempotencytest_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/idempotencytest"
)

func TestCrashStopsTheStepsOfClaimsThatExist(t *testing.T) {
	store := idempotencytest.NewStore(t)
	claim(t, store, first, first.Token, backend.Running, time.Minute)
	store.Crash()
	for name, err := range map[string]error{
		"Extend":   store.Extend(t.Context(), key, first.Token, time.Hour, time.Hour),
		"Complete": store.Complete(t.Context(), key, first.Token, backend.Outcome{Retention: time.Hour}),
		"Release":  store.Release(t.Context(), key, first.Token),
	} {
		if !errors.Is(err, backend.ErrClaimLost) {
			t.Errorf("%s returned %v, want ErrClaimLost", name, err)
		}
	}
	second := backend.Claim{Token: backend.Token{2}, Replaces: first.Token, Attempt: 2, Lease: time.Minute, Retention: time.Hour}
	claim(t, store, second, first.Token, backend.Running, time.Minute)
	store.Advance(time.Minute)
	claim(t, store, second, second.Token, backend.Running, time.Minute)
	if err := store.Complete(t.Context(), key, second.Token, backend.Outcome{Retention: time.Hour}); err != nil {
		t.Errorf("a claim after the crash: %v", err)
	}
}

func TestCrashNextStopsTheNextOwners(t *testing.T) {
	store := idempotencytest.NewStore(t)
	claim(t, store, first, first.Token, backend.Running, time.Minute)
	store.CrashNext()
	store.CrashNext()
	claim(t, store, first, first.Token, backend.Running, time.Minute) // sent again: no new owner
	for n, want := range []error{nil, backend.ErrClaimLost, backend.ErrClaimLost, nil} {
		c := first
		c.Token = backend.Token{1 + byte(n)}
		if n > 0 {
			if _, err := store.Claim(t.Context(), backend.Key{1 + byte(n)}, c); err != nil {
				t.Fatal(err)
			}
		}
		err := store.Complete(t.Context(), backend.Key{1 + byte(n)}, c.Token, backend.Outcome{Retention: time.Hour})
		if !errors.Is(err, want) {
			t.Errorf("owner %d: got %v, want %v", n, err, want)
		}
	}
}

// TestAfterACrash: what the next calls with the key get, for each policy.
func TestAfterACrash(t *testing.T) {
	for policy, status := range map[idempotency.AbandonPolicy]int{
		idempotency.Retry:  http.StatusCreated,
		idempotency.Reject: http.StatusConflict,
	} {
		store, l := idempotencytest.NewStore(t), &ledger{}
		handler := newHandler(t, l, store, idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: policy}))
		store.CrashNext()
		pay(handler, "k")
		got(t, pay(handler, "k"), http.StatusConflict, "IN_PROGRESS")
		store.Advance(idempotency.DefaultLease)
		second := pay(handler, "k")
		if second.Code != status || second.Header().Get(replayed) != "" {
			t.Errorf("policy %v: got %d %s, want %d", policy, second.Code, second.Body, status)
		}
	}
}

// TestAHandlerSeesThatItRecovers, when it crashed in the middle.
func TestAHandlerSeesThatItRecovers(t *testing.T) {
	store := idempotencytest.NewStore(t)
	var attempts []int
	guard, err := httpmw.New(newEngine(t, store))
	if err != nil {
		t.Fatal(err)
	}
	handler := guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		execution, _ := idempotency.FromContext(r.Context())
		if attempts = append(attempts, execution.Attempt); !execution.Recovered {
			store.Crash()
		}
		_, _ = io.WriteString(w, "done")
	}))
	pay(handler, "k")
	store.Advance(idempotency.DefaultLease)
	got(t, pay(handler, "k"), http.StatusOK, "done")
	idempotencytest.RequireReplayed(t, pay(handler, "k").Header())
	if len(attempts) != 2 || attempts[1] != 2 {
		t.Errorf("attempts %v, want the second to be a recovery", attempts)
	}
}

// TestAWaitingCallTakesOverAfterACrash, when the clock is advanced.
func TestAWaitingCallTakesOverAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, l := idempotencytest.NewStore(t), &ledger{}
		handler := newHandler(t, l, store, idempotency.WithPolicy("*", idempotency.Policy{Wait: time.Hour}))
		store.CrashNext()
		pay(handler, "k")
		start := time.Now()
		go func() {
			synctest.Wait()
			store.Advance(idempotency.DefaultLease)
		}()
		got(t, pay(handler, "k"), http.StatusCreated, `{"id":2}`)
		if d := time.Since(start); d != 0 {
			t.Errorf("waited %v, want no time but the one that Advance added", d)
		}
	})
}

// TestACrashedHandlerIsCancelledAtItsNextHeartbeat.
func TestACrashedHandlerIsCancelledAtItsNextHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := idempotencytest.NewStore(t)
		guard, err := httpmw.New(newEngine(t, store))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		pay(guard.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			store.Crash()
			<-r.Context().Done()
		})), "k")
		if d := time.Since(start); d != idempotency.DefaultLease/3 {
			t.Errorf("cancelled after %v, want a third of the lease", d)
		}
	})
}
