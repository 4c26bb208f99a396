package httpmw_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// TestSchemaOfARequest: it decides about the operation, the key and the method; a policy
// of the operation has precedence.
func TestSchemaOfARequest(t *testing.T) {
	schema := func(r *http.Request) (string, idempotency.Policy, bool) {
		name, known := strings.CutPrefix(r.URL.Path, "/rpc")
		return name, idempotency.Policy{Key: idempotency.KeyRequired}, known
	}
	handler := count(ok)
	guarded := newGuard(t, newEngine(t, idempotency.WithPolicy("/shop.v1.Shop/Browse", idempotency.Policy{Key: idempotency.KeyOptional})),
		httpmw.WithSchema(schema)).Wrap(handler)
	send := func(method, path, key string) answer {
		request := newRequest(key, "{}")
		request.Method, request.URL.Path, request.RequestURI = method, path, path
		return do(guarded, request)
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete, http.MethodPut, http.MethodGet} {
		send(method, "/rpc/shop.v1.Shop/Buy", "").refuses(t, http.StatusBadRequest, idempotency.ReasonKeyMissing)
	}
	handler.ran(t, 0)
	send(http.MethodDelete, "/rpc/shop.v1.Shop/Buy", key).is(t, http.StatusOK, "done", false)
	send(http.MethodDelete, "/rpc/shop.v1.Shop/Buy", key).is(t, http.StatusOK, "done", true)
	send(http.MethodDelete, "/rpc/shop.v1.Shop/Browse", "").is(t, http.StatusOK, "done", false)
	handler.ran(t, 2)

	send(http.MethodDelete, "/other", key).is(t, http.StatusOK, "done", false)
	send(http.MethodDelete, "/other", key).is(t, http.StatusOK, "done", false)
	send(http.MethodPost, "/other", "").is(t, http.StatusOK, "done", false)
	handler.ran(t, 5)
}
