package idempotency

import (
	"context"
	"crypto/tls"
	"errors"
)

// Errors of the scope functions below, wrapped by ErrScopeUnknown.
var (
	errNoScope = errors.New("no scope in the context")
	errNoPeer  = errors.New("the peer presented no certificate that was verified")
)

type scopeKey struct{}

// ContextWithScope leaves a scope for [ScopeFromContext]. It is for middlewares
// and interceptors that authenticate, and must be called with what was
// verified, never with what the client merely says.
func ContextWithScope(ctx context.Context, scope string) context.Context {
	return context.WithValue(ctx, scopeKey{}, scope)
}

// ScopeFromContext is for [WithScope]: it returns what [ContextWithScope] left,
// and refuses the call where nothing was left.
func ScopeFromContext(ctx context.Context) (string, error) {
	scope, ok := ctx.Value(scopeKey{}).(string)
	if !ok {
		return "", errNoScope
	}
	return scope, nil
}

// PeerScope names the caller at the other end of a TLS connection by its
// verified certificate: by its first URI (as SPIFFE has it), or else by issuer
// and subject, so that a renewed certificate is the same caller. It fails for a
// certificate that was not verified, or none. Packages idemgrpc and httpmw get
// it from their connections.
func PeerScope(connection *tls.ConnectionState) (string, error) {
	if connection == nil || len(connection.VerifiedChains) == 0 || len(connection.VerifiedChains[0]) == 0 {
		return "", errNoPeer
	}
	leaf := connection.VerifiedChains[0][0]
	if len(leaf.URIs) > 0 {
		return "uri:" + leaf.URIs[0].String(), nil
	}
	return "name:" + leaf.Issuer.String() + "\n" + leaf.Subject.String(), nil
}
