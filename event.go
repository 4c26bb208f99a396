package idempotency

import (
	"context"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// EventKind says what happened to a call.
type EventKind uint8

// The kinds. Every guarded call has one of the first five. A call that was claimed
// or taken over then has EventRan, followed by events that say how its claim was
// finished.
const (
	// EventClaimed : the handler is about to run; the claim took Took.
	EventClaimed EventKind = iota + 1
	// EventTakenOver : the handler is about to run in place of an attempt whose
	// claim expired; the claim took Took.
	EventTakenOver
	// EventReplayed : a recorded outcome was returned, after waiting for Took.
	EventReplayed
	// EventFailedOpen : the handler is about to run unprotected.
	EventFailedOpen
	// EventRefused : the call was not run, after waiting for Took; Reason says
	// why.
	EventRefused
	// EventStoreError : a claim failed with Err, after Took.
	EventStoreError
	// EventRan : the handler returned or panicked, after Took. It follows every
	// EventClaimed and EventTakenOver.
	EventRan
	// EventRecorded : the store has the outcome; recording took Took.
	EventRecorded
	// EventReleased : the claim was released, or its transaction rolled back as its
	// answer asks for, which took Took.
	EventReleased
	// EventAbandoned : the claim was abandoned, which took Took.
	EventAbandoned
	// EventLeaseLost : the claim was taken over, or its record does not exist any
	// more.
	EventLeaseLost
	// EventFinishFailed : the store failed to finish a claim, with Err, after
	// Took. The finish is retried in the background.
	EventFinishFailed
	// EventFinishDropped : the retries of a finish were given up, or exceed
	// [Limits].
	EventFinishDropped
	// EventCommitFailed : the transaction of a call could not be committed, with
	// Err, after Took; Reason says whether it was rolled back or that is unknown.
	EventCommitFailed
	// EventUnscoped : a caller sent credentials, and the engine has no
	// [WithScope]. It is reported once; Err says what to do.
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
	EventCommitFailed:  "commit_failed",
	EventUnscoped:      "unscoped",
}

// String returns the kind in snake_case.
func (k EventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return ""
}

// Event is something that happened to a call.
type Event struct {
	Kind      EventKind
	Operation string
	// Key is the digest under which the store keeps the record; zero for a call
	// that was refused before the digest was made.
	Key backend.Key
	// Attempt is the number of the attempt, if there is one.
	Attempt int
	// Reason is the reason of a refusal.
	Reason Reason
	// Took is a duration; see the kinds. It is zero for what was retried in the
	// background.
	Took time.Duration
	// Retried is true for what was retried in the background.
	Retried bool
	// Err is the error of the store. It is not for clients.
	Err error
}

// Observer gets the events of calls. It is invoked in the call's own goroutine, by
// many calls at the same time, so it must be fast and safe for concurrent use. A
// panic of an observer fails the call, but does not block the key; in the
// background, where there is no call, the panic is logged with [slog.Default].
type Observer interface {
	Observe(ctx context.Context, event Event)
}
