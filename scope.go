package idempotency

import (
	"context"
	"errors"
)

var errNoScope = errors.New("no scope in the context")

type scopeKey struct{}

// ContextWithScope stores the caller's scope for [ScopeFromContext]. It is for
// middlewares and interceptors that authenticate. The scope must come from what
// they verified, never from an unverified claim of the client.
func ContextWithScope(ctx context.Context, scope string) context.Context {
	return context.WithValue(ctx, scopeKey{}, scope)
}

// ScopeFromContext is a function for [WithScope]: it returns the scope that
// [ContextWithScope] stored. It fails if there is none, and the call is refused
// with [ErrScopeUnknown].
func ScopeFromContext(ctx context.Context) (string, error) {
	scope, ok := ctx.Value(scopeKey{}).(string)
	if !ok {
		return "", errNoScope
	}
	return scope, nil
}
