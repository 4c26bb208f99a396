package idempotency

import (
	"time"

	"github.com/oncewire/idempotency/backend"
)

// The refusals. Match them with errors.Is; errors.As finds the *Error with
// its reason and advice. A call that gets one of them was not run by it.
var (
	// ErrInProgress is returned when another call with the same key is
	// running, and when it did not end while this one waited for it.
	ErrInProgress = &Error{Reason: ReasonInProgress}
	// ErrOutcomeUnknown is returned, under OnAbandoned(Reject), when an
	// earlier call with the key was started and its claim lapsed.
	ErrOutcomeUnknown = &Error{Reason: ReasonOutcomeUnknown}
	// ErrOutcomeNotKept is returned when the call has run, but its answer
	// was streamed or too large to keep.
	ErrOutcomeNotKept = &Error{Reason: ReasonOutcomeNotKept}
	// ErrKeyReused is returned when the key belongs to another request.
	ErrKeyReused = &Error{Reason: ReasonKeyReused}
	// ErrKeyInvalid is returned when a key breaks the engine's rules, or
	// when there is more than one.
	ErrKeyInvalid = &Error{Reason: ReasonKeyInvalid}
	// ErrKeyMissing is returned when a key is required and none was sent.
	ErrKeyMissing = &Error{Reason: ReasonKeyMissing}
	// ErrStore is returned when the store failed before the call could run.
	// The store's own error is wrapped, and is never shown to a client.
	ErrStore = &Error{Reason: ReasonStoreUnavailable}
	// ErrScopeUnknown is returned when the scope function failed. Its error
	// is wrapped, and is never shown to a client.
	ErrScopeUnknown = &Error{Reason: ReasonScopeUnknown}
	// ErrRequestTooLarge is returned when a request is too large to take a
	// fingerprint of.
	ErrRequestTooLarge = &Error{Reason: ReasonRequestTooLarge}
	// ErrReplayDenied is returned when the replay authorizer refused to hand
	// out a recorded outcome. Its error is wrapped, and is never shown to a
	// client.
	ErrReplayDenied = &Error{Reason: ReasonReplayDenied}
	// ErrNotSupported is returned when a key comes with a call that cannot
	// honour it, such as a stream.
	ErrNotSupported = &Error{Reason: ReasonNotSupported}
)

// RefusedField is the header field in which an HTTP answer names the [Reason]
// for which it is a refusal of ours. An outer layer does not record such an
// answer, since the operation did not run.
const RefusedField = "Idempotency-Refused"

// ErrClaimLost is the cause (see [context.Cause]) of a handler's cancelled
// context when the lease of its claim was lost to another caller.
var ErrClaimLost = backend.ErrClaimLost

// Error is a refusal: the call was not run. Its texts are safe to send to a
// client; what Unwrap returns is not.
type Error struct {
	// Reason never changes for the same cause and is made for programs.
	Reason Reason
	// RetryAfter is when to try again; zero when no time can be named.
	RetryAfter time.Duration

	cause error
}

// Error describes the refusal and its cause, for the server's own log.
func (e *Error) Error() string {
	text := "idempotency: " + e.Detail()
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

// Title is a short summary of the reason, the same at every occurrence.
func (e *Error) Title() string { return guidances[e.Reason].title }

// Detail explains the refusal to a client in a sentence or two.
func (e *Error) Detail() string { return guidances[e.Reason].detail }

// Next tells a client what to do.
func (e *Error) Next() Next { return guidances[e.Reason].next }

// because returns the refusal with a cause.
func (e *Error) because(cause error) *Error {
	return &Error{Reason: e.Reason, RetryAfter: e.RetryAfter, cause: cause}
}

// after returns the refusal with a time to try again.
func (e *Error) after(wait time.Duration) *Error {
	return &Error{Reason: e.Reason, RetryAfter: wait, cause: e.cause}
}
