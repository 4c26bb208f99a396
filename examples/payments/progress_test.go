package main

import (
	"context"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend/backendtest"
)

func TestInProgress(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		running := inBackground(t, t.client, held("key-1"))
		t.awaitEntries(1)

		second := t.create(held("key-1"))
		second.wantRefusal(t, inProgress)
		if second.retryAfter != time.Second {
			t.Errorf("retry after %v, want 1s", second.retryAfter)
		}
		t.create(charge("key-1")).wantRefusal(t, keyReused) // even while it runs

		t.resumeHeld()
		first := <-running
		first.wantFirst(t)
		t.create(held("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

func TestWait(t *testing.T) {
	waiting := func(c *config) { c.wait = testTimeout }
	eachProtocol(t, waiting, func(t protocolTest) {
		waits := t.countSteps(backendtest.OpWait)
		running := inBackground(t, t.client, held("key-1"))
		t.awaitEntries(1)
		waiting := inBackground(t, t.client, held("key-1"))
		eventually(t, "the second call to wait", func() bool { return waits.Load() > 0 })
		t.resumeHeld()
		first := <-running
		first.wantFirst(t)
		(<-waiting).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// The call runs longer than the lease, so heartbeats must extend it. A lease of 6 s
// leaves four seconds for each heartbeat, since test machines can be slow.
func TestLongCallKeepsItsLease(t *testing.T) {
	skipInShort(t, "runs longer than a lease in real time")
	shortLease := func(c *config) { c.lease = 6 * time.Second }
	eachProtocol(t, shortLease, func(t protocolTest) {
		running := inBackground(t, t.client, held("key-1"))
		t.awaitEntries(1)
		claimed := time.Now()
		eventually(t, "the end of the first lease", func() bool { return time.Since(claimed) > t.lease })
		t.create(held("key-1")).wantRefusal(t, inProgress)
		t.resumeHeld()
		first := <-running
		first.wantFirst(t)
		t.create(held("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}

// A charge runs to its end when its client hangs up, and its answer is recorded.
func TestHangUp(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		ctx, hangUp := context.WithCancel(t.Context())
		gone := make(chan answer, 1)
		go func() { gone <- t.client.create(ctx, held("key-1")) }()
		t.awaitEntries(1)
		hangUp()
		if a := <-gone; a.failure == nil {
			t.Fatalf("answered: %+v", a)
		}

		t.create(held("key-1")).wantRefusal(t, inProgress)
		t.resumeHeld()
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
