package idemgateway

import (
	"context"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
)

// ErrorHandler returns a handler for [runtime.WithErrorHandler]. A refusal of
// this library becomes what package httpmw makes of it: an answer by
// [WithRefusalWriter], which is problem details (RFC 9457) by default, with
// Retry-After and with a mark by which a guard around the gateway knows that
// nothing has run. Every other error goes to the handler of [WithErrorHandler],
// unchanged; if it is a replay, the answer has the marker in its header.
//
// A refusal that the service's own handler got from another service and passed
// on is that handler's error, and not one of the gateway's call.
func ErrorHandler(opts ...Option) runtime.ErrorHandlerFunc {
	return newConfig(opts).handleError
}

func (c *config) handleError(ctx context.Context, mux *runtime.ServeMux, marshaler runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	md, _ := runtime.ServerMetadataFromContext(ctx)
	c.forwardBinary(w, md.HeaderMD)
	refusal := c.refusalOf(ctx, r, err)
	if refusal == nil || refusal.Reason != idempotency.ReasonKeyInvalid {
		c.echoKey(w, r.Header[c.keyField])
	}
	if refusal != nil && refusal.Title() != "" {
		c.forwardHeader(w, md.HeaderMD)
		c.refusals.Refuse(w, r, refusal)
		return
	}
	if refusal != nil && refusal.Mark != "" { // a reason of a later version
		w.Header().Set(idempotency.RefusedField, refusal.Mark)
	}
	if aborted(err) && ctx.Err() == nil {
		idempotency.DoNotRecord(ctx)
	}
	c.mark(w, md)
	c.fail(ctx, mux, marshaler, w, r, err)
}

// aborted reports whether the service itself answered Aborted, with which it
// says that it did nothing. The status 409 would not say it to a guard around the
// gateway: it stands for AlreadyExists too.
func aborted(err error) bool {
	answer, ok := err.(interface{ GRPCStatus() *status.Status }) // a wrapped one comes from a later step
	return ok && answer.GRPCStatus().Code() == codes.Aborted
}

// RoutingErrorHandler returns a handler for [runtime.WithRoutingErrorHandler]. A
// request for which there is no route (404, 405 and the like) has no effect, so
// a guard around the gateway does not record the answer: during a deployment the
// next server may have the route. The answer itself is left to the handler of
// [WithRoutingErrorHandler].
func RoutingErrorHandler(opts ...Option) runtime.RoutingErrorHandlerFunc {
	return newConfig(opts).handleRoutingError
}

func (c *config) handleRoutingError(ctx context.Context, mux *runtime.ServeMux, marshaler runtime.Marshaler, w http.ResponseWriter, r *http.Request, httpStatus int) {
	idempotency.DoNotRecord(ctx) // no effect if there is no guard
	c.unrouted(ctx, mux, marshaler, w, r, httpStatus)
}

// mark moves the marker of a replayed error to where every client sees it: a
// service has it in its trailers. One in the header is the matcher's.
func (c *config) mark(w http.ResponseWriter, md runtime.ServerMetadata) {
	name := strings.ToLower(c.replayedField)
	if len(md.TrailerMD.Get(name)) > 0 && len(md.HeaderMD.Get(name)) == 0 {
		w.Header().Set(c.replayedField, "true")
	}
}

// forwardHeader does for a refusal what the gateway does for other answers.
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
