package idemgateway

import (
	"context"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw/internal/transcoded"
)

// ownRefusal returns the refusal of the gateway's own call that the error
// contains, or nil.
func (c *config) ownRefusal(ctx context.Context, r *http.Request, err error) *idempotency.Error {
	method, ok := runtime.RPCMethod(ctx)
	if !ok {
		return nil
	}
	call := &transcoded.Call{
		Operation: method,
		Keys:      printable(r.Header[c.keyField]),
		Route:     transcoded.RouteOf(r),
	}
	return call.Refusal(ctx, status.Convert(err).Proto())
}
