package idemgateway

import (
	"context"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/mark"
	"github.com/oncewire/idempotency/internal/refusal"
	"github.com/oncewire/idempotency/internal/schema"
)

// ownRefusal returns the refusal of the gateway's own call that the error
// contains, or nil. A refusal with the mark of another call is an error of the
// service's handler. A refusal without a mark names no key: it is answered as a
// refusal and releases nothing, and so is one of a call whose key is in its message.
func (c *config) ownRefusal(ctx context.Context, r *http.Request, err error) *idempotency.Error {
	found, operation := refusal.Decode(status.Convert(err).Proto())
	method, ok := runtime.RPCMethod(ctx)
	if found == nil || !ok || operation != method {
		return nil
	}
	if found.Mark == "" {
		return found
	}
	key := c.keyOf(ctx, r)
	if key == "" && len(r.Header[c.keyField]) == 0 && keyInMessage(method) {
		found.Mark = "" // it cannot be verified
		return found
	}
	if !mark.Matches(found.Mark, method, key) {
		return nil
	}
	found.Mark = markForGuards(ctx, r, method, key)
	return found
}

// keyInMessage reports whether the key of a call may be in the request message, of
// which the error handler does not know the content.
func keyInMessage(method string) bool {
	descriptor := schema.Method(method, nil)
	return descriptor != nil && schema.KeyField(descriptor.Input(), true) != nil
}

// keyOf returns the key of the call: the canonical key of the guard around the
// gateway, or else the key as it was forwarded.
func (c *config) keyOf(ctx context.Context, r *http.Request) string {
	if execution, guarded := idempotency.FromContext(ctx); guarded {
		return execution.Key
	}
	keys := printable(r.Header[c.keyField])
	if len(keys) != 1 {
		return "" // an engine refuses several keys
	}
	return keys[0]
}

// markForGuards returns the mark that the guards around the gateway recognise:
// those in this process, and one in another process that knows the request by
// method and path.
func markForGuards(ctx context.Context, r *http.Request, method, key string) string {
	request := strings.ToUpper(r.Method) + " " + r.URL.EscapedPath()
	return mark.In(ctx, method, key) + " " + mark.Of(request, key)
}
