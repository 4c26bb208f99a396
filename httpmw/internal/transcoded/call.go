package transcoded

import (
	"context"
	"net/http"
	"strings"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/mark"
	"github.com/oncewire/idempotency/internal/refusal"
	"github.com/oncewire/idempotency/internal/schema"
)

// Call is the call of an RPC that a gateway makes for an HTTP request.
type Call struct {
	// Operation is the full name of the method: /package.Service/Method.
	Operation string
	// Keys are the values of the key field as they are forwarded.
	Keys []string
	// Route is the operation by which a guard in front of the gateway knows the
	// request; see [RouteOf].
	Route string
}

// RouteOf returns the operation of a request: its method and path.
func RouteOf(r *http.Request) string { return strings.ToUpper(r.Method) + " " + r.URL.EscapedPath() }

// Refusal returns the refusal of the call that the status carries, or nil. Its mark
// is recognised by the guards around the gateway.
//
// A refusal with the mark of another call is an error of the service's handler. A
// refusal without a mark names no key: it is answered as a refusal and releases
// nothing, and so is one of a call whose key is in its message.
func (c *Call) Refusal(ctx context.Context, status *spb.Status) *idempotency.Error {
	found, operation := refusal.Decode(status)
	if found == nil || operation != c.Operation {
		return nil
	}
	if found.Mark == "" {
		return found
	}
	key := c.key(ctx)
	if key == "" && len(c.Keys) == 0 && c.keyInMessage() {
		found.Mark = "" // it cannot be verified
		return found
	}
	if !mark.Matches(found.Mark, c.Operation, key) {
		return nil
	}
	found.Mark = c.markForGuards(ctx, key)
	return found
}

// keyInMessage reports whether the key may be in the request message, of which a
// gateway's answer does not show the content.
func (c *Call) keyInMessage() bool {
	descriptor := schema.Method(c.Operation, nil)
	return descriptor != nil && schema.KeyField(descriptor.Input(), true) != nil
}

// key returns the canonical key of the guard around the gateway, or else the key as it
// is forwarded.
func (c *Call) key(ctx context.Context) string {
	if execution, guarded := idempotency.FromContext(ctx); guarded {
		return execution.Key
	}
	if len(c.Keys) != 1 {
		return "" // an engine refuses several keys
	}
	return c.Keys[0]
}

// markForGuards returns the mark that the guards around the gateway recognise: those in
// this process, and one in another process that knows the request by its route.
func (c *Call) markForGuards(ctx context.Context, key string) string {
	return mark.In(ctx, c.Operation, key) + " " + mark.Of(c.Route, key)
}
