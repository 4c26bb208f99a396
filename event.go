package idempotency

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// EventKind says what happened to a call.
type EventKind uint8

// What can happen. A guarded call has one of the first five kinds. One that
// was claimed or taken over then has EventRan, and events that say what became
// of its claim.
const (
	// EventClaimed : the handler is about to run; the claim took Took.
	EventClaimed EventKind = iota + 1
	// EventTakenOver : the same, in an expired claim's place.
	EventTakenOver
	// EventReplayed : a recorded outcome was returned, after waiting Took.
	EventReplayed
	// EventFailedOpen : the handler is about to run unprotected.
	EventFailedOpen
	// EventRefused : the call was not run, after waiting Took; Reason says why.
	EventRefused
	// EventStoreError : a claim failed with Err, after Took.
	EventStoreError
	// EventRan : the handler has left, by a panic too, after Took. It follows
	// every EventClaimed and EventTakenOver.
	EventRan
	// EventRecorded : the outcome stands in the store, which took Took.
	EventRecorded
	// EventReleased : the claim was released, which took Took.
	EventReleased
	// EventAbandoned : the claim was left to the abandon policy, which took
	// Took.
	EventAbandoned
	// EventLeaseLost : the claim was taken over, or its record is gone.
	EventLeaseLost
	// EventFinishFailed : the store did not take the end of a claim, with
	// Err, after Took. It is retried in the background.
	EventFinishFailed
	// EventFinishDropped : the background gave up, or had no room.
	EventFinishDropped
	// EventUnscoped : a caller sent credentials, and the engine has no
	// [WithScope]. It is told once; Err says what to do.
	EventUnscoped
)

var eventNames = [...]string{
	EventClaimed:       "claimed",
	EventTakenOver:     "taken_over",
	EventReplayed:      "replayed",
	EventFailedOpen:    "failed_open",
	EventRefused:       "refused",
	EventStoreError:    "store_error",
	EventRan:           "ran",
	EventRecorded:      "recorded",
	EventReleased:      "released",
	EventAbandoned:     "abandoned",
	EventLeaseLost:     "lease_lost",
	EventFinishFailed:  "finish_failed",
	EventFinishDropped: "finish_dropped",
	EventUnscoped:      "unscoped",
}

// String returns the kind in snake_case.
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return ""
}

// Event is something that happened to a call. It never holds the raw key.
type Event struct {
	Kind      EventKind
	Operation string
	// Key is the digest that the store knows; zero for a key that was
	// refused before it was looked up.
	Key backend.Key
	// Attempt is the claim's number, where there is one.
	Attempt int
	// Reason of a refusal.
	Reason Reason
	// Took is how long it took; see the kinds. Zero for what the background did.
	Took time.Duration
	// Retried is true when the background did it.
	Retried bool
	// Err is the store's error. It is not for clients.
	Err error
}

// Observer is told what happens to calls. It is called on the call's own path,
// by many at once, so it must be quick and safe for concurrent use. One that
// panics fails its call, but never blocks a key; in the background, where there
// is no call, the panic is logged with [slog.Default].
type Observer interface {
	Observe(ctx context.Context, event Event)
}
