package idempotency

import (
	"context"
	"errors"

	"github.com/oncewire/idempotency/internal/mark"
)

// Operation is what an adapter needs for the calls of one operation. Resolve it
// once per method and store it, or once per call if operations are not known in
// advance; without a schema this does not allocate. It is a small value, and safe
// for concurrent use.
type Operation struct {
	engine *Engine
	name   string
	policy *Policy
}

// Operation returns the handle of an operation: "/pkg.Service/Method" for an RPC,
// "METHOD /path" for HTTP, any stable name for a job. "*" stands for all
// operations, for an adapter that does not know yet which one is called.
//
// The schema is what the operation's own definition says, such as the options in
// a .proto; the zero Policy says nothing. For every field the most specific level
// that sets it applies: the policy for this very operation, the schema, the
// policy for the longest beginning of its name, the policy for "*", the default.
// So KeyRequired for a whole service does not apply to methods whose schema says that
// they have no side effects.
func (e *Engine) Operation(name string, schema Policy) Operation {
	return Operation{engine: e, name: name, policy: e.policies.resolve(name, &schema)}
}

// Name returns the name of the operation.
func (o Operation) Name() string { return o.name }

// Policy returns the complete policy of the operation. It must not be changed.
func (o Operation) Policy() *Policy { return o.policy }

// KeyField returns the name of the header or metadata field that carries the key. It
// is the same for all operations of an engine.
func (o Operation) KeyField() string { return o.engine.keys.Field }

// ReplayedField returns the name of the header or metadata field that marks a replay,
// where its value is "true". It is the same for all operations of an engine.
func (o Operation) ReplayedField() string { return o.engine.replayedField }

// RequiresKey reports whether a call without a key is refused. For "*" it reports
// whether that is so for any operation: if not, an adapter can let a call
// without a key through before it knows the operation.
func (o Operation) RequiresKey() bool {
	return o.policy.Key == KeyRequired || o.name == everyOperation && o.engine.policies.required
}

// TakesRequestID reports whether the key of an RPC may also be in a field of its
// request message that no schema marks; see [KeyRules]. It is the same for all
// operations of an engine.
func (o Operation) TakesRequestID() bool { return o.engine.keys.RequestID }

// ParseKey returns the canonical key from the values of the key field, for a
// [Call]. A bare key and a structured-field string (RFC 9651) are the same key:
// abc and "abc"; parameters behind the string are ignored. It returns "" when the
// call has no key and needs none, or when keys are ignored; then the call is not
// guarded.
//
// The error is [ErrKeyInvalid], whose mark is that of the malformed key if there
// is only one, or [ErrKeyMissing].
func (o Operation) ParseKey(ctx context.Context, values []string) (string, error) {
	return o.ParseKeyInMessage(ctx, values, "")
}

// ParseKeyInMessage is [Operation.ParseKey] for a call whose key may also be in a
// field of its request message, which is "" if it has none there. The same rules
// hold for both, and the same key in either is the same call. Two different keys
// are [ErrKeyInvalid], with the mark of that in the header.
func (o Operation) ParseKeyInMessage(ctx context.Context, values []string, inMessage string) (string, error) {
	if o.policy.Key == KeyIgnored {
		return "", nil
	}
	key, refusal := o.engine.keys.parseBoth(values, inMessage)
	if refusal == nil && key == "" && o.policy.Key == KeyRequired {
		refusal = ErrKeyMissing
	}
	if refusal == nil {
		return key, nil
	}
	switch len(values) {
	case 0:
		refusal = refusal.withMark(o.RefusalMark(ctx, inMessage))
	case 1:
		refusal = refusal.withMark(o.RefusalMark(ctx, values[0]))
	}
	return "", o.engine.observers.refused(ctx, Event{Operation: o.name}, refusal)
}

// Refuse reports a refusal that the adapter itself decides on, such as
// [ErrOutcomeUnreadable] for an outcome that it cannot read. It notifies the
// observers, and returns the refusal with its mark, its cause, which may be nil,
// and, if a retry can help, a time to wait before it. The key may be empty.
func (o Operation) Refuse(ctx context.Context, key string, refusal *Error, cause error) *Error {
	return o.refuse(ctx, Event{Operation: o.name}, key, refusal.withCause(cause))
}

func (o Operation) refuse(ctx context.Context, event Event, key string, refusal *Error) *Error {
	return o.engine.observers.refused(ctx, event, o.complete(ctx, key, refusal))
}

// complete returns a copy of the refusal with its mark and the time to wait before a
// retry. A mark says that the call had no effect.
func (o Operation) complete(ctx context.Context, key string, refusal *Error) *Error {
	complete := *refusal
	if complete.Reason != ReasonCommitUnknown {
		complete.Mark = o.RefusalMark(ctx, key)
	}
	if complete.Next() == NextRetrySameKey {
		complete.RetryAfter = o.policy.RetryAfter
	}
	return &complete
}

// RefusalMark returns the mark of a refusal of a call of this operation with the
// key: an opaque text which says that its handler had no effect. An adapter sends
// it with the refusal, in the header field Idempotency-Refused or as "mark" in the
// metadata of the google.rpc.ErrorInfo. An outer guard releases its own claim
// when [Operation.HasRefusalMark] recognises it.
//
// The mark also names the guarded calls in ctx that have the same key, since
// their operations may have other names: a REST route around an RPC. It is empty
// for an empty key. The key may be in any accepted form, bare or quoted: engines
// with different key rules make the same mark of it.
func (o Operation) RefusalMark(ctx context.Context, key string) string {
	return mark.In(ctx, o.name, key)
}

// HasRefusalMark reports whether a mark that came with an answer is that of a
// refusal of this operation and key. The mark of another call is not.
func (o Operation) HasRefusalMark(text, key string) bool {
	return mark.Matches(text, o.name, key)
}

// WarnIfUnscoped emits [EventUnscoped], once per engine, if a guarded call has
// credentials, such as an Authorization field, but the engine has no [WithScope]: all
// callers then share one scope, and the keys of different callers can collide. The
// function reports whether the call has credentials; it is called only when needed.
func (o Operation) WarnIfUnscoped(ctx context.Context, hasCredentials func() bool) {
	e := o.engine
	if e.scope == nil && !e.unscoped.Load() && hasCredentials() && e.unscoped.CompareAndSwap(false, true) {
		e.observers.notify(ctx, Event{Kind: EventUnscoped, Operation: o.name, Err: errUnscoped})
	}
}

var errUnscoped = errors.New("callers send credentials, and all share one scope; give the engine WithScope")
