package main

import (
	"context"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend/backendtest"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// held is a call that stays open until settle, for others to find it running.
func held(key string) call {
	return charge(key).simulated(&paymentsv1.Simulate{Hold: true})
}

// inBackground makes the call and returns where its answer will be.
func inBackground(tb testing.TB, d door, call call) <-chan answer {
	tb.Helper()
	answers := make(chan answer, 1)
	go func() { answers <- d.create(tb.Context(), call) }()
	return answers
}

func TestInProgress(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
		running := inBackground(t, t.door, held("key-1"))
		t.awaitEntries(1)

		second := t.create(held("key-1"))
		second.wantRefusal(t, inProgress)
		if second.retryAfter != time.Second {
			t.Errorf("retry after %v, want 1s", second.retryAfter)
		}
		t.create(charge("key-1")).wantRefusal(t, keyReused) // even while it runs

		t.settle()
		first := <-running
		first.wantFirst(t)
		t.create(held("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

func TestWait(t *testing.T) {
	waiting := func(c *config) { c.wait = patience }
	eachDoor(t, waiting, func(t scene) {
		waits := t.countSteps(backendtest.OpWait)
		running := inBackground(t, t.door, held("key-1"))
		t.awaitEntries(1)
		waiting := inBackground(t, t.door, held("key-1"))
		eventually(t, "the second call to wait", func() bool { return waits.Load() > 0 })
		t.settle()
		first := <-running
		first.wantFirst(t)
		(<-waiting).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// The lease is shorter than the call, so only heartbeats can keep it. It leaves
// a heartbeat four seconds, which is for busy machines.
func TestLongCallKeepsItsLease(t *testing.T) {
	if testing.Short() {
		t.Skip("takes longer than a lease in real time")
	}
	shortLease := func(c *config) { c.lease = 6 * time.Second }
	eachDoor(t, shortLease, func(t scene) {
		running := inBackground(t, t.door, held("key-1"))
		t.awaitEntries(1)
		claimed := time.Now()
		eventually(t, "the first lease to be over", func() bool { return time.Since(claimed) > t.lease })
		t.create(held("key-1")).wantRefusal(t, inProgress)
		t.settle()
		first := <-running
		first.wantFirst(t)
		t.create(held("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// A client that hangs up does not take its charge's answer with it.
func TestHangUp(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
		ctx, hangUp := context.WithCancel(t.Context())
		gone := make(chan answer, 1)
		go func() { gone <- t.door.create(ctx, held("key-1")) }()
		t.awaitEntries(1)
		hangUp()
		if a := <-gone; a.failure == nil {
			t.Fatalf("answered: %+v", a)
		}

		t.create(held("key-1")).wantRefusal(t, inProgress)
		t.settle()
		var retry answer
		eventually(t, "the call to end", func() bool {
			retry = t.create(held("key-1"))
			return !retry.is(inProgress)
		})
		if !retry.replayed || retry.payment.GetId() != t.entries("")[0].GetId() {
			t.Errorf("retry: %+v", retry)
		}
		t.wantEntries(1)
	})
}
