package idemgrpc

import (
	"context"
	"crypto/tls"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	tlspeer "github.com/oncewire/idempotency/internal/peer"
)

// PeerScope is for [idempotency.WithScope]. The scope is the verified client
// certificate of the connection: its first URI (as in SPIFFE), or else its issuer
// and subject, so that a renewed certificate is the same caller. It fails for a
// caller without a verified certificate.
func PeerScope(ctx context.Context) (string, error) {
	var state *tls.ConnectionState
	if caller, ok := peer.FromContext(ctx); ok {
		if info, ok := caller.AuthInfo.(credentials.TLSInfo); ok {
			state = &info.State
		}
	}
	return tlspeer.Scope(state)
}
