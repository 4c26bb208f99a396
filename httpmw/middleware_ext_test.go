package httpmw_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/httpmw"
)

// same is a handler that expects the server's own writer and request.
type same struct {
	t testing.TB
	w http.ResponseWriter
	r *http.Request
}

func (s same) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if w != s.w || r != s.r {
		s.t.Error("got another writer or request than the server's")
	}
}

// framings are the content types of RPCs that this package does not guard.
var framings = []string{
	"application/grpc", "Application/gRPC", "application/grpc+proto", "application/grpc+json", "application/grpc; charset=utf-8",
	"application/grpc-web", "application/grpc-web+proto", "application/grpc-web-text", "application/grpc-web-text+proto",
	"application/connect+proto", "application/connect+json", "application/connect+json; charset=utf-8",
}

func TestUntouched(t *testing.T) {
	tests := map[string]func(*http.Request){
		"no key":       func(r *http.Request) { r.Header.Del("Idempotency-Key") },
		"other method": func(r *http.Request) { r.Method = http.MethodPut },
		"CONNECT":      func(r *http.Request) { r.Method = http.MethodConnect },
	}
	for _, contentType := range framings {
		tests[contentType] = func(r *http.Request) {
			r.URL.Path = paymentsv1connect.PaymentServiceCreatePaymentProcedure
			r.Header.Set("Content-Type", contentType)
		}
	}
	middleware := newGuard(t, newEngine(t), httpmw.WithMethods("POST", "CONNECT"))
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			w, r := httptest.NewRecorder(), newRequest(key, "{}")
			change(r)
			for range 2 {
				middleware.Wrap(same{t, w, r}).ServeHTTP(w, r)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	tests := map[string]struct {
		options []httpmw.Option
		guarded []string
	}{
		"default":  {nil, []string{"POST", "PATCH"}},
		"none":     {[]httpmw.Option{httpmw.WithMethods()}, []string{"POST", "PATCH"}},
		"any case": {[]httpmw.Option{httpmw.WithMethods("put", "Delete")}, []string{"PUT", "DELETE"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			guarded := newGuard(t, newEngine(t), test.options...).Wrap(http.HandlerFunc(ok))
			got := map[string]bool{}
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
				request := newRequest(key, "")
				request.Method = method
				do(guarded, request)
				got[method] = do(guarded, request).replayed()
			}
			for _, method := range test.guarded {
				if !got[method] {
					t.Errorf("%s is not guarded", method)
				}
				delete(got, method)
			}
			for method, replayed := range got {
				if replayed {
					t.Errorf("%s is guarded", method)
				}
			}
		})
	}
}

// An option with the zero value means the default.
func TestZeroOptions(t *testing.T) {
	guarded := newGuard(t, newEngine(t), httpmw.WithClassifier(nil), httpmw.WithOperation(nil),
		httpmw.WithMaxRequest(0), httpmw.WithMaxResponse(0)).Wrap(http.HandlerFunc(ok))
	post(guarded, key, "{}").is(t, http.StatusOK, "done", false)
	post(guarded, key, "{}").is(t, http.StatusOK, "done", true)
}

// TestMethodInAnotherCase: a handler may treat it like the same method, so it is
// guarded like the same method.
func TestMethodInAnotherCase(t *testing.T) {
	policy := idempotency.WithPolicy("POST /v1/*", idempotency.Policy{Key: idempotency.KeyRequired})
	handler := count(ok)
	server := startHTTP1(t, newGuard(t, newEngine(t, policy)).Wrap(handler))
	send := func(method, key string) answer {
		request := server.request(key, strings.NewReader("{}"))
		request.Method = method
		if key == "" {
			request.Header.Del("Idempotency-Key")
		}
		return server.send(request)
	}
	send("post", "").refuses(t, http.StatusBadRequest, idempotency.ReasonKeyMissing)
	send("post", key).is(t, http.StatusOK, "done", false)
	for _, method := range []string{"post", "Post", "POST"} {
		send(method, key).is(t, http.StatusOK, "done", true)
	}
	handler.ran(t, 1)
}

func TestOperation(t *testing.T) {
	handler := count(func(w http.ResponseWriter, r *http.Request) {
		execution, _ := idempotency.FromContext(r.Context())
		w.Header().Set("X-Operation", execution.Operation)
	})
	send := func(guarded http.Handler, target string) string {
		request := httptest.NewRequest(http.MethodPost, target, http.NoBody)
		request.Header.Set("Idempotency-Key", key)
		return do(guarded, request).header.Get("X-Operation")
	}
	guarded := newGuard(t, newEngine(t)).Wrap(handler)
	for _, path := range []string{"/a%2Fb", "/a/b"} {
		if got := send(guarded, path+"?q=1"); got != "POST "+path {
			t.Errorf("got operation %q", got)
		}
	}
	handler.ran(t, 2)
	named := newGuard(t, newEngine(t), httpmw.WithOperation(func(*http.Request) string { return "pay" })).Wrap(handler)
	for range 2 {
		if got := send(named, "/v1/pay"); got != "pay" {
			t.Errorf("got operation %q", got)
		}
	}
	if send(named, "/v2/pay") != "" {
		t.Error("a request for one path was answered with the answer to another")
	}
	handler.ran(t, 3)
}

func TestOneOfManyRuns(t *testing.T) {
	handler := count(ok)
	middleware := newGuard(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{Wait: 1 << 40})))
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			handler.Store(0)
			server := start(t, middleware.Wrap(handler))
			var calls sync.WaitGroup
			for range 16 {
				calls.Go(func() {
					if got := server.post(t.Name(), "{}"); got.status != http.StatusOK || got.body != "done" {
						t.Errorf("got %+v", got)
					}
				})
			}
			calls.Wait()
			handler.ran(t, 1)
		})
	}
}
