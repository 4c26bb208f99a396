package idempotency

import (
	"cmp"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// The refusals. Compare with errors.Is; errors.As finds the [*Error] with its
// reason and advice. A call that gets a refusal was not run, or, with
// [ErrRolledBack] and [ErrCommitUnknown], may run again.
var (
	// ErrInProgress is returned when another call with the same key is running,
	// and still was at the end of the time that this one waited for it.
	ErrInProgress = &Error{Reason: ReasonInProgress}
	// ErrOutcomeUnknown is returned, if OnAbandoned is [Reject], when an earlier
	// call with the key was started and its claim expired.
	ErrOutcomeUnknown = &Error{Reason: ReasonOutcomeUnknown}
	// ErrOutcomeNotKept is returned when the call has run, but its answer was
	// streamed or was too large to store.
	ErrOutcomeNotKept = &Error{Reason: ReasonOutcomeNotKept}
	// ErrOutcomeUnreadable is returned when a record exists that this version of
	// the program cannot read. Its call may have run, so it is not run again.
	ErrOutcomeUnreadable = &Error{Reason: ReasonOutcomeUnreadable}
	// ErrKeyReused is returned when the key belongs to another request.
	ErrKeyReused = &Error{Reason: ReasonKeyReused}
	// ErrKeyInvalid is returned when a key breaks the engine's rules or is blank,
	// or when there is more than one, in one place or in header and request message.
	// [Error.Rule] says which rule.
	ErrKeyInvalid = &Error{Reason: ReasonKeyInvalid}
	// ErrKeyMissing is returned when a key is required and none was sent.
	ErrKeyMissing = &Error{Reason: ReasonKeyMissing}
	// ErrStore is returned when the store failed before the call could run. The
	// store's error is wrapped, and is never sent to a client.
	ErrStore = &Error{Reason: ReasonStoreUnavailable}
	// ErrRolledBack is returned when the call ran in a transaction that could not
	// be committed: it had no effect. The store's error is wrapped, and is never
	// sent to a client.
	ErrRolledBack = &Error{Reason: ReasonRolledBack}
	// ErrCommitUnknown is returned when the call ran in a transaction, and it is
	// unknown whether that was committed. A retry gets the answer if it was, and
	// runs if it was not.
	ErrCommitUnknown = &Error{Reason: ReasonCommitUnknown}
	// ErrScopeUnknown is returned when the scope function failed. Its error is
	// wrapped, and is never sent to a client.
	ErrScopeUnknown = &Error{Reason: ReasonScopeUnknown}
	// ErrRequestTooLarge is returned when a request is too large for a
	// fingerprint.
	ErrRequestTooLarge = &Error{Reason: ReasonRequestTooLarge}
	// ErrRequestUnreadable is returned when a request cannot be read, or has no
	// fingerprint. The cause is wrapped, and is never sent to a client.
	ErrRequestUnreadable = &Error{Reason: ReasonRequestUnreadable}
	// ErrReplayDenied is returned when the replay authorizer failed. Its error is
	// wrapped, and is never sent to a client.
	ErrReplayDenied = &Error{Reason: ReasonReplayDenied}
	// ErrNotSupported is returned when a call has a key and cannot be guarded,
	// such as a stream.
	ErrNotSupported = &Error{Reason: ReasonNotSupported}

	// ErrClaimLost is no refusal. It is the cause ([context.Cause]) of a
	// handler's cancelled context when the claim's lease was lost to another
	// call.
	ErrClaimLost = backend.ErrClaimLost
)

// Error is a refusal: the call was not run, or not for good. Its texts are safe to send to a
// client, except for the result of Unwrap.
type Error struct {
	// Reason is stable, for programs.
	Reason Reason
	// RetryAfter is how long to wait before a retry; zero if a retry does not
	// help.
	RetryAfter time.Duration
	// Rule is the rule that a key breaks: "single", "blank", "quotes", "length",
	// "characters", "validator", "uuid" or "mismatch". It is empty unless the reason
	// is ReasonKeyInvalid.
	Rule string
	// Advised is what the server said that a client can do, in a refusal that a
	// client received; see Next. It is empty in one that the engine returned.
	Advised Next
	// Mark is an opaque text by which the guards around this one recognise the
	// refusal of the same operation and key; see [Operation.HasRefusalMark]. It
	// is empty for a refusal that names no key.
	Mark string

	cause error
}

// Error describes the refusal and its cause, for the server's own log. It is not
// for clients.
func (e *Error) Error() string {
	text := "idempotency: " + cmp.Or(e.Detail(), "refused: "+string(e.Reason))
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause, if there is one. It is not for clients.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is a refusal for the same reason.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Reason == e.Reason
}

// Title is a short summary of the reason, the same at every occurrence. It is
// empty for a reason that this version does not know.
func (e *Error) Title() string { return guidances[e.Reason].title }

// Detail explains the refusal to a client in a sentence or two. It is empty for a
// reason that this version does not know.
func (e *Error) Detail() string {
	if detail, ok := ruleDetails[e.Rule]; ok {
		return detail
	}
	return guidances[e.Reason].detail
}

// Next says what a client can do. A refusal whose reason this version does not
// know came from a newer server: then it is what that server advised, if this
// version knows that. Otherwise it is NextRetrySameKey if there is a RetryAfter, and
// NextAskOperator if not.
func (e *Error) Next() Next {
	if guidance, known := guidances[e.Reason]; known {
		return guidance.next
	}
	switch e.Advised {
	case NextRetrySameKey, NextUseNewKey, NextFixRequest, NextAskOperator:
		return e.Advised
	}
	if e.RetryAfter > 0 {
		return NextRetrySameKey
	}
	return NextAskOperator
}

// withCause returns a copy of the refusal that has the cause.
func (e *Error) withCause(cause error) *Error {
	refusal := *e
	refusal.cause = cause
	return &refusal
}

// withRule returns a copy of the refusal that names the rule a key breaks.
func (e *Error) withRule(rule string) *Error {
	refusal := *e
	refusal.Rule = rule
	return &refusal
}

// withMark returns a copy of the refusal that has the mark.
func (e *Error) withMark(mark string) *Error {
	refusal := *e
	refusal.Mark = mark
	return &refusal
}
