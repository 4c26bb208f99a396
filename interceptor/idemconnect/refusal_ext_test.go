package idemconnect_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/internal/mark"
)

func checkRefusal(t *testing.T, err error, code connect.Code, why idempotency.Reason, retry bool) {
	t.Helper()
	refused, reason, marked, again := new(connect.Error), "", "", false
	if !errors.As(err, &refused) {
		t.Errorf("not refused: %v", err)
		return
	}
	for _, detail := range refused.Details() {
		message, err := detail.Value()
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
	if field := refused.Meta().Get(mark.Field); field != marked {
		t.Errorf("field %s is %q, the mark is %q", mark.Field, field, marked)
	}
}

func TestInProgress(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	service := &service{create: func(context.Context, *createRequest) (*createResponse, error) {
		close(started)
		<-finish
		return connect.NewResponse(new(paymentsv1.Payment)), nil
	}}
	server := payments(t, service, newEngine(t))
	done := make(chan error)
	go func() {
		_, err := create(server.newClient(), "k", nil)
		done <- err
	}()
	<-started
	for _, options := range protocols {
		_, err := create(server.newClient(options...), "k", nil)
		checkRefusal(t, err, connect.CodeAborted, idempotency.ReasonInProgress, true)
		_, err = create(server.newClient(options...), "k", &paymentsv1.CreatePaymentRequest{Amount: 1})
		checkRefusal(t, err, connect.CodeInvalidArgument, idempotency.ReasonKeyReused, false)
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
		_, err := create(client, key, nil)
		checkRefusal(t, err, connect.CodeInvalidArgument, why, false)
	}
	request := connect.NewRequest(new(paymentsv1.CreatePaymentRequest))
	_, err := client.CreatePayment(context.Background(), request)
	checkRefusal(t, err, connect.CodeInvalidArgument, idempotency.ReasonKeyMissing, false)
	request.Header().Add(keyField, "a")
	request.Header().Add(keyField, "b")
	_, err = client.CreatePayment(context.Background(), request)
	checkRefusal(t, err, connect.CodeInvalidArgument, idempotency.ReasonKeyInvalid, false)
	if _, err := client.GetPayment(context.Background(), connect.NewRequest(new(paymentsv1.GetPaymentRequest))); err != nil {
		t.Errorf("a method without side effects requires a key: %v", err)
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
	_, err = create(payments(t, service, engine).newClient(), "k", nil)
	checkRefusal(t, err, connect.CodeUnavailable, idempotency.ReasonStoreUnavailable, true)
	if strings.Contains(err.Error(), "closed") || service.runs.Load() != 0 {
		t.Errorf("the client gets %v, %d runs", err, service.runs.Load())
	}
}

func TestStreams(t *testing.T) {
	const procedure = "/some.Service/Stream"
	runs := 0
	stream := func(context.Context, *connect.Request[emptypb.Empty], *connect.ServerStream[emptypb.Empty]) error {
		runs++
		return nil
	}
	mux := http.NewServeMux()
	guard := connect.WithInterceptors(newGuard(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{Key: idempotency.KeyRequired}))))
	mux.Handle(procedure, connect.NewServerStreamHandler(procedure, stream, guard))
	server := serve(t, mux)
	client := connect.NewClient[emptypb.Empty, emptypb.Empty](server.client, server.url+procedure)
	for key, code := range map[string]connect.Code{"": 0, "k": connect.CodeInvalidArgument} {
		request := connect.NewRequest(new(emptypb.Empty))
		if key != "" {
			request.Header().Set(keyField, key)
		}
		answers, err := client.CallServerStream(context.Background(), request)
		if err != nil {
			t.Fatal(err)
		}
		for answers.Receive() {
		}
		if err := answers.Err(); (err == nil) != (code == 0) || code != 0 && connect.CodeOf(err) != code {
			t.Errorf("key %q: %v", key, err)
		}
		_ = answers.Close()
	}
	if runs != 1 {
		t.Errorf("%d runs", runs)
	}
}
