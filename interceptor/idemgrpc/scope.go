package idemgrpc

import (
	"context"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/oncewire/idempotency"
)

// PeerScope is for [idempotency.WithScope]: it names the caller by the verified
// client certificate of its connection; see [idempotency.PeerScope]. It fails
// for a caller without one.
func PeerScope(ctx context.Context) (string, error) {
	caller, ok := peer.FromContext(ctx)
	if !ok {
		return idempotency.PeerScope(nil)
	}
	info, ok := caller.AuthInfo.(credentials.TLSInfo)
	if !ok {
		return idempotency.PeerScope(nil)
	}
	return idempotency.PeerScope(&info.State)
}
