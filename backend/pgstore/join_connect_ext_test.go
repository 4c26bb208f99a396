package pgstore_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	connectrpc "connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

type payment = connectrpc.Response[paymentsv1.Payment]

// connectService answers by the function of the test.
type connectService struct {
	paymentsv1connect.UnimplementedPaymentServiceHandler

	create func(context.Context) (*payment, error)
}

func (s *connectService) CreatePayment(ctx context.Context, _ *connectrpc.Request[paymentsv1.CreatePaymentRequest]) (*payment, error) {
	return s.create(ctx)
}

// serveConnect starts a server of the shop, and returns how to call it with a key.
func serveConnect(t *testing.T, s *shop, service *connectService, options ...connectrpc.ClientOption) func(key string) (*payment, error) {
	t.Helper()
	guard, err := idemconnect.NewInterceptor(s.engine)
	ok(t, err)
	mux := http.NewServeMux()
	mux.Handle(paymentsv1connect.NewPaymentServiceHandler(service, connectrpc.WithInterceptors(guard)))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client := paymentsv1connect.NewPaymentServiceClient(server.Client(), server.URL, options...)
	return func(key string) (*payment, error) {
		request := connectrpc.NewRequest(&paymentsv1.CreatePaymentRequest{})
		request.Header().Set("Idempotency-Key", key)
		return client.CreatePayment(t.Context(), request)
	}
}

func wantPayment(t *testing.T, got *payment, err error, id string, replayed bool) {
	t.Helper()
	ok(t, err)
	if got.Msg.GetId() != id || (got.Header().Get("Idempotent-Replayed") == "true") != replayed ||
		strings.Join(got.Header()["A"], ",") != "1" || strings.Join(got.Header()["B"], ",") != "2" || strings.Join(got.Trailer()["C"], ",") != "3" {
		t.Errorf("got %v with %v and %v, want %s, replayed %t", got.Msg, got.Header(), got.Trailer(), id, replayed)
	}
}

// newPayment has metadata of its own, and sets some through the context.
func newPayment(ctx context.Context, id string) *payment {
	info, _ := connectrpc.CallInfoForHandlerContext(ctx)
	info.ResponseHeader().Set("A", "1")
	response := connectrpc.NewResponse(&paymentsv1.Payment{Id: id})
	response.Header().Set("B", "2")
	response.Trailer().Set("C", "3")
	return response
}

func TestCompleteOverConnect(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]connectrpc.ClientOption{"proto": connectrpc.WithClientOptions(), "json": connectrpc.WithProtoJSON()} {
		s := joining(t, idempotency.Policy{})
		counted := s.counted(idempotency.Policy{})
		call := serveConnect(t, s, &connectService{create: func(ctx context.Context) (*payment, error) {
			response := newPayment(ctx, "pay_1")
			return response, s.completes(ctx, "payment", response)
		}}, option)
		for _, replayed := range []bool{false, true} {
			got, err := call(name)
			wantPayment(t, got, err, "pay_1", replayed)
		}
		if n := counted.rows.Load() + counted.execs.Load(); n != 2 {
			t.Errorf("the store sent %d statements of its own, want the two claims alone", n)
		}
		s.wantEntries(1)
	}
}

// TestCommittedOutcomeReplacesTheAnswerOverConnect, without metadata twice.
func TestCommittedOutcomeReplacesTheAnswerOverConnect(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	after := map[string]func() (*payment, error){
		"other":   func() (*payment, error) { return connectrpc.NewResponse(&paymentsv1.Payment{Id: "other"}), nil },
		"error":   func() (*payment, error) { return nil, connectrpc.NewError(connectrpc.CodeInternal, context.Canceled) },
		"release": func() (*payment, error) { return nil, connectrpc.NewError(connectrpc.CodeAborted, context.Canceled) },
	}
	service := new(connectService)
	call := serveConnect(t, s, service)
	for name, answer := range after {
		service.create = func(ctx context.Context) (*payment, error) {
			ok(t, s.completes(ctx, name, newPayment(ctx, "pay_1")))
			return answer()
		}
		for range 2 {
			got, err := call(name)
			wantPayment(t, got, err, "pay_1", true)
		}
	}
}

func TestCompleteWithAnErrorOverConnect(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{})
	declined := connectrpc.NewError(connectrpc.CodeFailedPrecondition, context.Canceled)
	declined.Meta().Set("A", "1")
	call := serveConnect(t, s, &connectService{create: func(ctx context.Context) (*payment, error) {
		ok(t, s.completes(ctx, "declined", declined))
		return nil, declined
	}})
	for _, replayed := range []string{"", "true"} {
		_, err := call("key")
		if connectrpc.CodeOf(err) != connectrpc.CodeFailedPrecondition {
			t.Fatalf("got error %v", err)
		}
		if meta := err.(*connectrpc.Error).Meta(); strings.Join(meta["A"], ",") != "1" || meta.Get("Idempotent-Replayed") != replayed { //nolint:errorlint // as the client makes it
			t.Errorf("got metadata %v", meta)
		}
	}
	s.wantEntries(1)
}

func TestRebuildOverConnect(t *testing.T) {
	t.Parallel()
	s := joining(t, idempotency.Policy{Rebuild: func(_ context.Context, _ idempotency.Execution, reference []byte) (any, error) {
		response := connectrpc.NewResponse(&paymentsv1.Payment{Id: string(reference)})
		response.Header().Set("A", "1")
		response.Header().Set("B", "2")
		response.Trailer().Set("C", "3")
		return response, nil
	}})
	call := serveConnect(t, s, &connectService{create: func(ctx context.Context) (*payment, error) {
		return newPayment(ctx, "pay_1"), s.marks(ctx, "pay_1")
	}})
	for _, replayed := range []bool{false, true} {
		got, err := call("key")
		wantPayment(t, got, err, "pay_1", replayed)
	}
	s.wantEntries(1)
}
