package idemconnect2_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/internal/mark"
)

func checkRefusal(t *testing.T, got answer, err error, code connect.Code, why idempotency.Reason, retry bool) {
	t.Helper()
	refused, reason, marked, again := new(connect.Error), "", "", false
	if !errors.As(err, &refused) {
		t.Errorf("not refused: %v", err)
		return
	}
	for _, detail := range refused.Details() {
		message, err := connectproto.UnmarshalErrorDetail(detail)
		if err != nil {
			t.Error(err)
		}
		switch message := message.(type) {
		case *errdetails.ErrorInfo:
			reason, marked = message.GetReason(), message.GetMetadata()["mark"]
		case *errdetails.RetryInfo:
			again = true
		}
	}
	if refused.Code() != code || reason != string(why) || again != retry {
		t.Errorf("refused with %v (reason %q, retry %t), want %v %s, retry %t", err, reason, again, code, why, retry)
	}
	if field := got.metadata().Get(mark.Field); field != marked {
		t.Errorf("field %s is %q, the mark is %q", mark.Field, field, marked)
	}
}

func TestInProgress(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	service := &service{create: func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		close(started)
		<-finish
		return new(paymentsv1.Payment), nil
	}}
	server := payments(t, service, newEngine(t))
	done := make(chan error)
	go func() {
		_, err := create(server.newClient(), "k", nil)
		done <- err
	}()
	<-started
	for _, options := range protocols {
		got, err := create(server.newClient(options...), "k", nil)
		checkRefusal(t, got, err, connect.CodeAborted, idempotency.ReasonInProgress, true)
		got, err = create(server.newClient(options...), "k", &paymentsv1.CreatePaymentRequest{Amount: 1})
		checkRefusal(t, got, err, connect.CodeInvalidArgument, idempotency.ReasonKeyReused, false)
	}
	close(finish)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := create(server.newClient(), "k", nil); err != nil || service.runs.Load() != 1 {
		t.Errorf("%v, %d runs", err, service.runs.Load())
	}
}

func TestBadKeys(t *testing.T) {
	client := payments(t, new(service), newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired}))).newClient()
	for key, why := range map[string]idempotency.Reason{
		strings.Repeat("x", 256): idempotency.ReasonKeyInvalid,
		"two words":              idempotency.ReasonKeyInvalid,
		"":                       idempotency.ReasonKeyInvalid,
	} {
		got, err := create(client, key, nil)
		checkRefusal(t, got, err, connect.CodeInvalidArgument, why, false)
	}
	for n, why := range []idempotency.Reason{0: idempotency.ReasonKeyMissing, 2: idempotency.ReasonKeyInvalid} {
		if why == "" {
			continue
		}
		ctx, info := connect.NewClientContext(t.Context())
		for i := range n {
			info.RequestHeader().Add(keyField, strconv.Itoa(i))
		}
		_, err := client.CreatePayment(ctx, new(paymentsv1.CreatePaymentRequest))
		checkRefusal(t, answer{info: info}, err, connect.CodeInvalidArgument, why, false)
	}
	if _, err := client.GetPayment(t.Context(), new(paymentsv1.GetPaymentRequest)); err != nil {
		t.Errorf("a method without side effects requires a key: %v", err)
	}
}

// unreadable is a request body that must not be read.
type unreadable struct{ read atomic.Bool }

func (u *unreadable) Read([]byte) (int, error) {
	u.read.Store(true)
	return 0, io.EOF
}

// TestBadKeysAreRefusedWithoutReadingTheBody over each protocol: missing, malformed and
// several ones, and keys of streams and of methods without a schema.
func TestBadKeysAreRefusedWithoutReadingTheBody(t *testing.T) {
	required := idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired})
	server := newServer(new(service), newGuard(t, newEngine(t, required)))
	server.Register(connect.Method{
		Spec:    connect.Spec{Procedure: "/some.Service/ClientStream", StreamType: connect.StreamTypeClient},
		Handler: func(context.Context, connect.Spec, connect.ServerStream) error { return errors.New("runs") },
	}, connect.Method{
		Spec:    connect.Spec{Procedure: "/some.Service/NoSchema"},
		Handler: func(context.Context, connect.Spec, connect.ServerStream) error { return errors.New("runs") },
	})
	handler := mounted(server)
	create := paymentsv1connect.PaymentServiceCreatePaymentProcedure
	for name, test := range map[string]struct {
		procedure string
		keys      []string
	}{
		"missing":   {create, nil},
		"blank":     {create, []string{""}},
		"malformed": {create, []string{"two words"}},
		"two":       {create, []string{"a", "b"}},
		"a stream":  {"/some.Service/ClientStream", []string{"k"}},
		"no schema": {"/some.Service/NoSchema", []string{"k"}},
	} {
		for _, contentType := range []string{"application/proto", "application/json", "application/grpc", "application/grpc-web+json"} {
			if name == "a stream" {
				contentType = strings.ReplaceAll(strings.ReplaceAll(contentType, "application/proto", "application/connect+proto"), "application/json", "application/connect+json")
			}
			body := new(unreadable)
			request := httptest.NewRequest(http.MethodPost, test.procedure, body)
			request.Header[keyField] = test.keys
			request.Header.Set("Content-Type", contentType)
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, request)
			sent := fmt.Sprint(response.Header(), response.Result().Trailer, response.Body)
			if !strings.Contains(sent, "idempotency key") {
				t.Errorf("%s, %s: %d %s", name, contentType, response.Code, sent)
			}
			if body.read.Load() {
				t.Errorf("%s, %s: the body is read", name, contentType)
			}
		}
	}
}

func TestStoreErrorStaysHere(t *testing.T) {
	store := memstore.New()
	engine, err := idempotency.New(store)
	if err != nil {
		t.Fatal(err)
	}
	_ = store.Close()
	service := new(service)
	got, err := create(payments(t, service, engine).newClient(), "k", nil)
	checkRefusal(t, got, err, connect.CodeUnavailable, idempotency.ReasonStoreUnavailable, true)
	if strings.Contains(err.Error(), "closed") || service.runs.Load() != 0 {
		t.Errorf("the client gets %v, %d runs", err, service.runs.Load())
	}
}

// TestStreams: those with a key are refused, of each type, also where keys are
// required.
func TestStreams(t *testing.T) {
	runs := 0
	guard := newGuard(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired})))
	streams := connect.NewServer(guard)
	types := []connect.StreamType{connect.StreamTypeClient, connect.StreamTypeServer, connect.StreamTypeBidi}
	spec := func(kind connect.StreamType) connect.Spec {
		return connect.Spec{Procedure: "/some.Service/" + kind.String(), StreamType: kind}
	}
	for _, kind := range types {
		streams.Register(connect.Method{Spec: spec(kind), Handler: func(_ context.Context, _ connect.Spec, stream connect.ServerStream) error {
			runs++
			if err := stream.Receive(new(emptypb.Empty)); err != nil {
				return err
			}
			return stream.Send(new(emptypb.Empty))
		}})
	}
	server := serve(t, mounted(streams))
	for transport, over := range map[string]connect.Transport{
		"http": server.transport(), "grpc": server.transport(connecthttp.WithGRPC()), "in process": connectinprocess.New(streams),
	} {
		for _, kind := range types {
			for _, key := range []string{"", "k"} {
				runs = 0
				ctx, info := connect.NewClientContext(t.Context())
				if key != "" {
					info.RequestHeader().Set(keyField, key)
				}
				stream, err := connect.NewClient(over).CallClientStream(ctx, spec(kind))
				if err != nil {
					t.Fatal(err)
				}
				_ = stream.Send(new(emptypb.Empty))
				_ = stream.CloseSend()
				err = stream.Receive(new(emptypb.Empty))
				switch {
				case key == "" && (err != nil || runs != 1):
					t.Errorf("%s, %s without a key: %v, %d runs", transport, kind, err, runs)
				case key != "":
					_ = stream.Receive(new(emptypb.Empty)) // the trailer
					checkRefusal(t, answer{info: info}, err, connect.CodeInvalidArgument, idempotency.ReasonNotSupported, false)
					if runs != 0 {
						t.Errorf("%s, %s: %d runs", transport, kind, runs)
					}
				}
				_ = stream.Close()
			}
		}
	}
}
