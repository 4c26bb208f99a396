package main

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// slow is a call that takes long enough for others to find it running.
func slow(key string) call {
	return charge(key).simulated(&paymentsv1.Simulate{Delay: durationpb.New(time.Second)})
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
		running := inBackground(t, t.door, slow("key-1"))
		t.awaitEntries(1)

		second := t.create(slow("key-1"))
		second.wantRefusal(t, inProgress)
		if second.retryAfter != time.Second {
			t.Errorf("retry after %v, want 1s", second.retryAfter)
		}
		t.create(charge("key-1")).wantRefusal(t, keyReused) // even while it runs

		first := <-running
		first.wantFirst(t)
		t.create(slow("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

func TestWait(t *testing.T) {
	waiting := func(c *config) { c.wait = patience }
	eachDoor(t, waiting, func(t scene) {
		running := inBackground(t, t.door, slow("key-1"))
		t.awaitEntries(1)
		second := t.create(slow("key-1"))
		first := <-running
		first.wantFirst(t)
		second.wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// The lease is shorter than the call, so only heartbeats can keep it.
func TestLongCallKeepsItsLease(t *testing.T) {
	shortLease := func(c *config) { c.lease = 600 * time.Millisecond }
	eachDoor(t, shortLease, func(t scene) {
		long := charge("key-1").simulated(&paymentsv1.Simulate{Delay: durationpb.New(2 * time.Second)})
		running := inBackground(t, t.door, long)
		t.awaitEntries(1)
		time.Sleep(time.Second)
		t.create(long).wantRefusal(t, inProgress)
		first := <-running
		first.wantFirst(t)
		t.create(long).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// A client that hangs up does not take its charge's answer with it.
func TestHangUp(t *testing.T) {
	eachDoor(t, nil, func(t scene) {
		ctx, hangUp := context.WithCancel(t.Context())
		gone := make(chan answer, 1)
		go func() { gone <- t.door.create(ctx, slow("key-1")) }()
		t.awaitEntries(1)
		hangUp()
		if a := <-gone; a.failure == nil {
			t.Fatalf("answered: %+v", a)
		}

		t.create(slow("key-1")).wantRefusal(t, inProgress)
		var retry answer
		eventually(t, "the call to end", func() bool {
			retry = t.create(slow("key-1"))
			return !retry.is(inProgress)
		})
		if !retry.replayed || retry.payment.GetId() != t.entries("")[0].GetId() {
			t.Errorf("retry: %+v", retry)
		}
		t.wantEntries(1)
	})
}
