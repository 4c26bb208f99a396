package main

import (
	"errors"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/backendtest"
)

// failing returns a function that makes one method of the store fail.
func failing(op backendtest.Op) func(backendtest.Op) backendtest.Fault {
	return func(called backendtest.Op) (fault backendtest.Fault) {
		if called == op {
			fault.Err = errors.New("the store is down")
		}
		return fault
	}
}

func TestStoreDown(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		t.store.Set(failing(backendtest.OpClaim))
		answer := t.create(charge("key-1"))
		answer.wantRefusal(t, storeIsDown)
		if answer.retryAfter == 0 {
			t.Error("the refusal has no time to retry after")
		}
		t.wantEntries(0)

		t.store.Set(nil)
		t.create(charge("key-1")).wantFirst(t)
		t.wantEntries(1)
	})
}

// The charge was made, and its client gets the answer. The recording is retried.
func TestStoreDownAfterTheCharge(t *testing.T) {
	eachProtocol(t, nil, func(t protocolTest) {
		t.store.Set(failing(backendtest.OpComplete))
		first := t.create(charge("key-1"))
		first.wantFirst(t)
		t.create(charge("key-1")).wantRefusal(t, inProgress)

		t.store.Set(nil)
		eventually(t, "the recording", func() bool {
			for _, event := range t.events.of(idempotency.EventRecorded) {
				if event.Retried {
					return !t.create(charge("key-1")).is(inProgress)
				}
			}
			return false
		})
		t.create(charge("key-1")).wantReplayOf(t, first)
		t.wantEntries(1)
	})
}
