package idemgateway

import (
	"context"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/mark"
)

// ErrorHandler returns a handler for [runtime.WithErrorHandler]. It answers a
// refusal of the gateway's own call as package httpmw does: with the writer of
// [WithRefusalWriter], by default problem details (RFC 9457), with Retry-After, and
// with a mark by which a guard around the gateway recognises that the service's
// handler did not run. Every other error goes to the handler of
// [WithErrorHandler] unchanged. If that error is a replay, the answer has the
// replay marker in its header.
//
// A refusal that the service's handler received from another service and passed
// on is an error of that handler, not a refusal of the gateway's call.
func ErrorHandler(options ...Option) runtime.ErrorHandlerFunc {
	return newConfig(options).handleError
}

func (c *config) handleError(ctx context.Context, mux *runtime.ServeMux, marshaler runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	md, _ := runtime.ServerMetadataFromContext(ctx)
	c.forwardBinary(w, md.HeaderMD)
	refusal := c.ownRefusal(ctx, r, err)
	if refusal == nil || refusal.Reason != idempotency.ReasonKeyInvalid {
		c.echoKey(w, r.Header[c.keyField])
	}
	if refusal != nil && refusal.Title() != "" {
		c.forwardHeader(w, md.HeaderMD)
		c.refusalWriter.Refuse(w, r, refusal)
		return
	}
	if refusal != nil && refusal.Mark != "" { // its reason is of a later version
		w.Header().Set(mark.Field, refusal.Mark)
	}
	if isAborted(err) && ctx.Err() == nil {
		noEffect(ctx)
	}
	c.markReplay(w, md)
	c.errorHandler(ctx, mux, marshaler, w, r, err)
}

// isAborted reports whether the service itself answered Aborted, the code for
// "nothing was done". The HTTP status does not show it to a guard around the
// gateway, because 409 also stands for AlreadyExists. A wrapped status was made
// after the service answered.
func isAborted(err error) bool {
	answer, ok := err.(interface{ GRPCStatus() *status.Status })
	return ok && answer.GRPCStatus().Code() == codes.Aborted
}

// noEffect makes the guards around the gateway in this process release the key.
// Without a guard it does nothing.
func noEffect(ctx context.Context) {
	execution, _ := idempotency.FromContext(ctx)
	execution.NoEffect()
}

// forwardHeader adds header metadata to a refusal, as the gateway does for other
// answers.
func (c *config) forwardHeader(w http.ResponseWriter, header metadata.MD) {
	for name, values := range header {
		field, ok := c.matchHeader(name)
		for _, value := range values {
			if ok {
				w.Header().Add(field, value)
			}
		}
	}
}
