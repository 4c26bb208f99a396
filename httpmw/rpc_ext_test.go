package httpmw_test

import (
	"net/http"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
)

// TestContentTypeDoesNotBypassTheGuard: with any content type the handler of a route
// that requires a key does not run without one, and not twice.
func TestContentTypeDoesNotBypassTheGuard(t *testing.T) {
	const procedure = paymentsv1connect.PaymentServiceCreatePaymentProcedure
	tests := map[string][]string{
		"/v1/payments": append(framings, lookalikes...),
		procedure:      lookalikes,
	}
	for _, path := range []string{
		"/v1/files/report.pdf/publish", "/pay.me", "/pay.me/", "/pay.me/1", "/pay..me/now", "/.pay/now", "/api" + procedure, procedure + "/x",
	} {
		tests[path] = framings
	}
	for path, contentTypes := range tests {
		for _, contentType := range contentTypes {
			t.Run(path+" "+contentType, func(t *testing.T) {
				handler := count(ok)
				guarded := newGuard(t, newEngine(t, keyRequired)).Wrap(handler)
				send := func(key string) answer {
					request := newRequest(key, "{}")
					request.URL.Path = path
					request.Header.Set("Content-Type", contentType)
					return do(guarded, request)
				}
				send("").refuses(t, http.StatusBadRequest, idempotency.ReasonKeyMissing)
				handler.ran(t, 0)
				for range 3 {
					send(key)
				}
				if runs := handler.Load(); runs > 1 {
					t.Errorf("the handler ran %d times", runs)
				}
			})
		}
	}
}

// lookalikes are guarded like any other content type.
var lookalikes = []string{
	"application/grpc-or-not", "application/grpcx", "application/grpc+", "application/grpc-web-text-or-not", "application/grpc/x",
	"application/connect+x", "application/connect+", "application/connect", "application/connect+jsonx", "text/grpc",
}

func TestLookalikesAreGuarded(t *testing.T) {
	for _, contentType := range lookalikes {
		handler := count(ok)
		guarded := newGuard(t, newEngine(t)).Wrap(handler)
		for _, replayed := range []bool{false, true} {
			request := newRequest(key, "{}")
			request.Header.Set("Content-Type", contentType)
			do(guarded, request).is(t, http.StatusOK, "done", replayed)
		}
		handler.ran(t, 1)
	}
}

// TestFramingOnOtherPaths: a request with the content type of an RPC on a path that
// is not an RPC's is refused if it has a key.
func TestFramingOnOtherPaths(t *testing.T) {
	handler := count(ok)
	guarded := newGuard(t, newEngine(t)).Wrap(handler)
	for _, contentType := range framings {
		request := newRequest(key, "{}")
		request.Header.Set("Content-Type", contentType)
		do(guarded, request).refuses(t, http.StatusBadRequest, idempotency.ReasonNotSupported)
	}
	handler.ran(t, 0)
}
