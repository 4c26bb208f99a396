package idemgateway

import (
	"context"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/refusal"
)

// refusalOf returns the refusal of the gateway's own call that an error is, or
// nil. One whose mark is that of another call was made for a call of the
// handler, and is the handler's error. One without a mark names no key, and is
// shown as a refusal, but releases nothing.
func (c *config) refusalOf(ctx context.Context, r *http.Request, err error) *idempotency.Error {
	found, operation := refusal.Decode(status.Convert(err).Proto())
	method, ok := runtime.RPCMethod(ctx)
	if found == nil || !ok || operation != method {
		return nil
	}
	if found.Mark == "" {
		return found
	}
	key := c.keyOf(ctx, r)
	if !idempotency.HasRefusalMark(found.Mark, method, key) {
		return nil
	}
	found.Mark = markOf(ctx, r, method, key)
	return found
}

// keyOf is the key of the call as the guard around the gateway took it, or else
// as it was forwarded.
func (c *config) keyOf(ctx context.Context, r *http.Request) string {
	if execution, guarded := idempotency.FromContext(ctx); guarded {
		return execution.Key
	}
	keys := printable(r.Header[c.keyField])
	if len(keys) != 1 {
		return "" // no engine takes several
	}
	return keys[0]
}

// markOf is the mark for the guards around the gateway: those in this process,
// and one in front of it that takes requests by method and path.
func markOf(ctx context.Context, r *http.Request, method, key string) string {
	request := strings.ToUpper(r.Method) + " " + r.URL.EscapedPath()
	return idempotency.RefusalMark(ctx, method, key) + " " + idempotency.RefusalMark(context.Background(), request, key)
}
