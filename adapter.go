package idempotency

import (
	"cmp"
	"context"
	"errors"
)

// ParseKey returns the canonical key from the values of a key field, for an
// adapter to put into a [Call]. A bare key and a structured-field string
// (RFC 9651) are the same key: abc and "abc"; parameters behind the string are
// ignored. It returns "" when the call carries no key and needs none, and then
// the call is not guarded. The schema's rule is KeyDefault where there is none.
//
// The error is [ErrKeyInvalid], whose mark is that of the malformed key if there
// is only one, or [ErrKeyMissing].
func (e *Engine) ParseKey(ctx context.Context, operation string, schema KeyUse, values []string) (string, error) {
	use := e.KeyUse(operation, schema)
	if use == KeyOff {
		return "", nil
	}
	key, refusal := e.keys.parse(values)
	if refusal == nil && key == "" && use == KeyRequired {
		refusal = ErrKeyMissing
	}
	if refusal != nil && len(values) == 1 {
		refusal = refusal.withMark(RefusalMark(ctx, operation, values[0]))
	}
	if refusal != nil {
		return "", e.observers.refuse(ctx, Event{Operation: operation}, refusal)
	}
	return key, nil
}

// KeyUse returns what an operation does with a key, and never KeyDefault. The
// levels are, the most specific first: a policy for this very operation, its
// schema, a policy for several operations, the engine's options. So a policy
// for a whole service does not require keys of methods without side effects.
func (e *Engine) KeyUse(operation string, schema KeyUse) KeyUse {
	policy := e.PolicyFor(operation)
	if _, exact := e.policies.exact[operation]; exact {
		return cmp.Or(policy.Key, schema, e.policies.standard.Key)
	}
	return cmp.Or(schema, policy.Key, e.policies.standard.Key)
}

// RequiresKeys reports whether any operation may be refused because it has no
// key. Where none is, an adapter can pass calls without a key on at once.
func (e *Engine) RequiresKeys() bool { return e.policies.required }

// PolicyFor returns the policy of an operation, with what the engine's options
// say in place of zero fields. It must not be changed.
func (e *Engine) PolicyFor(operation string) *Policy { return e.policies.of(operation) }

// KeyField is the name of the header or metadata field that carries the key.
func (e *Engine) KeyField() string { return e.keyField }

// ReplayedField is the name of the header or metadata field that marks a
// replay. Its value is then "true".
func (e *Engine) ReplayedField() string { return e.replayedField }

// Refuse is for a refusal that an adapter makes by itself, such as
// [ErrOutcomeUnreadable] for an outcome that it cannot read. It tells the
// observers, and returns the refusal with its mark, its cause, which may be nil,
// and a time to try again if that can help. Of the call it uses the operation
// and the key, which may be empty.
func (e *Engine) Refuse(ctx context.Context, call Call, refusal *Error, cause error) *Error {
	refusal = refusal.withCause(cause).withMark(RefusalMark(ctx, call.Operation, call.Key))
	if refusal.Next() == NextRetrySameKey {
		refusal = refusal.withRetryAfter(e.retryAfter)
	}
	return e.observers.refuse(ctx, Event{Operation: call.Operation}, refusal)
}

// NoteCredentials is for an adapter that sees a guarded call with credentials,
// such as an Authorization field. If the engine has no [WithScope], observers
// are told once, with EventUnscoped: all callers then share one scope, and one
// caller's key can meet another's.
func (e *Engine) NoteCredentials(ctx context.Context, operation string) {
	if e.Unscoped() && e.unscoped.CompareAndSwap(false, true) {
		e.observers.tell(ctx, Event{Kind: EventUnscoped, Operation: operation, Err: errUnscoped})
	}
}

// Unscoped reports whether credentials are worth a look: the engine does not
// tell callers apart, and NoteCredentials has not been called.
func (e *Engine) Unscoped() bool { return e.scope == nil && !e.unscoped.Load() }

var errUnscoped = errors.New("callers send credentials, and all share one scope; give the engine WithScope")
