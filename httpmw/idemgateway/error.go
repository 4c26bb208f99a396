package idemgateway

import (
	"context"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
)

// ErrorHandler returns a handler for [runtime.WithErrorHandler]. A refusal of
// this library becomes what package httpmw makes of it: problem details (RFC
// 9457) with httpmw's status, [idempotency.RefusedField] and Retry-After. Every
// other error goes to the handler of [WithErrorHandler], unchanged; if it is a
// replay, the answer has the marker in its header.
//
// A refusal that the service's own handler got from another service and passed
// on is that handler's error, and not one of the gateway's call.
func ErrorHandler(opts ...Option) runtime.ErrorHandlerFunc {
	return newConfig(opts).handleError
}

func (c *config) handleError(ctx context.Context, mux *runtime.ServeMux, marshaler runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	md, _ := runtime.ServerMetadataFromContext(ctx)
	c.forwardBinary(w, md.HeaderMD)
	refusal := refusalOf(ctx, err)
	switch {
	case refusal == nil:
		c.mark(w, md)
		c.fail(ctx, mux, marshaler, w, r, err)
	case refusal.Title() == "": // a reason of a later version
		w.Header().Set(idempotency.RefusedField, string(refusal.Reason))
		c.fail(ctx, mux, marshaler, w, r, err)
	default:
		c.forwardHeader(w, md.HeaderMD)
		c.refusals.Refuse(w, r, refusal)
	}
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
