package idempotencytest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/idempotencytest"
)

var errDown = errors.New("store down")

// steps makes one call of each step, and returns their errors.
func steps(ctx context.Context, store *idempotencytest.Store) map[idempotencytest.Step]error {
	_, err := store.Claim(ctx, key, first)
	return map[idempotencytest.Step]error{
		idempotencytest.Claim:    err,
		idempotencytest.Extend:   store.Extend(ctx, key, first.Token, first.Lease, first.Retention),
		idempotencytest.Wait:     waitBriefly(ctx, store),
		idempotencytest.Release:  store.Release(ctx, key, first.Token),
		idempotencytest.Complete: store.Complete(ctx, key, first.Token, backend.Outcome{}),
	}
}

// waitBriefly waits for another claim than the one that runs, which ends at once.
func waitBriefly(ctx context.Context, store *idempotencytest.Store) error {
	return store.Wait(ctx, key, backend.Token{9})
}

var everyStep = []idempotencytest.Step{
	idempotencytest.Claim, idempotencytest.Extend, idempotencytest.Wait, idempotencytest.Release, idempotencytest.Complete,
}

func TestFailFailsTheStepsUntilRecover(t *testing.T) {
	for _, failing := range [][]idempotencytest.Step{nil, everyStep, everyStep[:1], everyStep[1:3], everyStep[3:4], everyStep[4:]} {
		store := idempotencytest.NewStore(t)
		store.Fail(errDown, failing...)
		for step, err := range steps(t.Context(), store) {
			if failed := failing == nil || slices.Contains(failing, step); errors.Is(err, errDown) != failed {
				t.Errorf("Fail(%v): %s returned %v", failing, step, err)
			}
		}
		store.Recover()
		for step, err := range steps(t.Context(), store) {
			if errors.Is(err, errDown) {
				t.Errorf("after Recover %s returned %v", step, err)
			}
		}
	}
}

func TestFailChangesNothing(t *testing.T) {
	store := idempotencytest.NewStore(t)
	store.Fail(nil, idempotencytest.Claim)
	if rec, err := store.Claim(t.Context(), key, first); err == nil || rec.State != 0 || store.Records() != 0 {
		t.Errorf("got %v, %v and %d records, want an error alone", rec, err, store.Records())
	}
}

func TestLoseRepliesAppliesTheStep(t *testing.T) {
	store := idempotencytest.NewStore(t)
	store.LoseReplies(2, idempotencytest.Claim, idempotencytest.Release)
	for range 2 {
		rec, err := store.Claim(t.Context(), key, first)
		if !errors.Is(err, idempotencytest.ErrReplyLost) || rec.State != 0 || store.Records() != 1 {
			t.Errorf("got %v, %v and %d records, want a lost reply and a record", rec, err, store.Records())
		}
	}
	claim(t, store, first, first.Token, backend.Running, time.Minute)
	// Each step has a number of its own.
	if err := store.Release(t.Context(), key, first.Token); !errors.Is(err, idempotencytest.ErrReplyLost) || store.Records() != 0 {
		t.Errorf("got %v and %d records, want a lost reply and none", err, store.Records())
	}
}

func TestLoseRepliesWithoutStepsCountsAll(t *testing.T) {
	for n, want := range map[int]int{-1: 0, 0: 0, 3: 3, 9: 5} {
		store, lost := idempotencytest.NewStore(t), 0
		store.LoseReplies(n)
		for err := range maps.Values(steps(t.Context(), store)) {
			if errors.Is(err, idempotencytest.ErrReplyLost) {
				lost++
			}
		}
		if lost != want {
			t.Errorf("LoseReplies(%d): %d lost, want %d", n, lost, want)
		}
	}
}

func TestHangingStepsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := idempotencytest.NewStore(t)
		store.Hang()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for step, err := range steps(ctx, store) {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s returned %v, want the context's error", step, err)
			}
		}
		if n := store.Records(); n != 0 {
			t.Errorf("%d records, want none", n)
		}
	})
}

func TestHangingStepsGoOnAfterRecover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, done := idempotencytest.NewStore(t), false
		store.Hang(idempotencytest.Claim)
		go func() {
			claim(t, store, first, first.Token, backend.Running, time.Minute)
			done = true
		}()
		synctest.Wait()
		store.Fail(errDown) // does not affect what hangs
		synctest.Wait()
		if done || store.Records() != 0 {
			t.Error("the claim did not hang")
		}
		store.Recover()
		synctest.Wait()
		if !done {
			t.Error("the claim still hangs")
		}
	})
}

func TestHangingStepsEndWithTheTest(t *testing.T) {
	done := make(chan error)
	t.Run("with a store", func(t *testing.T) {
		store := idempotencytest.NewStore(t)
		store.Hang(idempotencytest.Claim)
		go func() {
			_, err := store.Claim(context.Background(), key, first)
			done <- err
		}()
	})
	<-done
}

func TestTheLastFaultOfAStepApplies(t *testing.T) {
	store := idempotencytest.NewStore(t)
	store.Hang()
	store.LoseReplies(1)
	store.Fail(errDown, idempotencytest.Claim)
	for want, step := range map[error]func() error{
		errDown:                      func() error { _, err := store.Claim(t.Context(), key, first); return err },
		idempotencytest.ErrReplyLost: func() error { return store.Release(t.Context(), key, first.Token) },
	} {
		if err := step(); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

func TestAnUnknownStepPanics(t *testing.T) {
	defer func() {
		if got, want := fmt.Sprint(recover()), "idempotencytest: unknown step steal"; got != want {
			t.Errorf("panicked with %q, want %q", got, want)
		}
	}()
	idempotencytest.NewStore(t).Fail(errDown, "steal")
}
