// Package clientkey carries the key of outgoing calls in a context, from the
// program to the client interceptors.
package clientkey

import "context"

type contextKey struct{}

// With returns a context whose outgoing calls carry the key.
func With(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, contextKey{}, key)
}

// From returns the key that With put into the context.
func From(ctx context.Context) (string, bool) {
	key, ok := ctx.Value(contextKey{}).(string)
	return key, ok
}
