package idempotencytest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/grpc"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/idempotencytest"
)

// The tests in this file are the recipes of docs/testing.md, word for word.

func TestPaymentOverHTTPHappensOnce(t *testing.T) {
	ledger := &ledger{}
	handler := newHandler(t, ledger, idempotencytest.NewStore(t))

	idempotencytest.AssertHTTPOnce(t, ledger.Len, idempotencytest.SendTo(handler), newPayment())
}

func TestPaymentOverGRPCHappensOnce(t *testing.T) {
	ledger := &ledger{}
	client := dialGRPC(t, ledger, idempotencytest.NewStore(t))

	idempotencytest.AssertOnce(t, ledger.Len, func(ctx context.Context, key string) (*testpb.SimpleResponse, error) {
		ctx = metadata.AppendToOutgoingContext(ctx, "idempotency-key", key)
		return client.UnaryCall(ctx, &testpb.SimpleRequest{ResponseSize: 5})
	}, idempotencytest.WithEqual(proto.Equal))
}

func TestPaymentOverConnectHappensOnce(t *testing.T) {
	ledger := &ledger{}
	client := dialConnect(t, ledger, idempotencytest.NewStore(t))

	idempotencytest.AssertOnce(t, ledger.Len, func(ctx context.Context, key string) (string, error) {
		request := connect.NewRequest(wrapperspb.Int64(5))
		request.Header().Set("Idempotency-Key", key)
		response, err := client.CallUnary(ctx, request)
		if err != nil {
			return "", err
		}
		return response.Msg.GetValue(), nil
	})
}

func TestMessageIsHandledOnce(t *testing.T) {
	ledger := &ledger{}
	engine := newEngine(t, idempotencytest.NewStore(t))

	idempotencytest.AssertOnce(t, ledger.Len, func(ctx context.Context, key string) (string, error) {
		result, err := engine.Do(ctx, "orders", idempotency.Call{Key: key}, func(context.Context) ([]byte, error) {
			ledger.pay("order 17")
			return []byte("shipped"), nil
		})
		return string(result.Outcome), err
	})
}

func TestRetryIsMarkedAsReplay(t *testing.T) {
	client := dialGRPC(t, &ledger{}, idempotencytest.NewStore(t))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", idempotency.NewKey())

	var first, second metadata.MD
	_, err1 := client.UnaryCall(ctx, &testpb.SimpleRequest{}, grpc.Header(&first))
	_, err2 := client.UnaryCall(ctx, &testpb.SimpleRequest{}, grpc.Header(&second))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	idempotencytest.RequireNotReplayed(t, first)
	idempotencytest.RequireReplayed(t, second)
}

func TestPaymentAfterACrashIsNotMadeAgain(t *testing.T) {
	ledger, store := &ledger{}, idempotencytest.NewStore(t)
	handler := newHandler(t, ledger, store, idempotency.WithPolicy("*", idempotency.Policy{
		OnAbandoned: idempotency.Reject,
		Lease:       30 * time.Second,
	}))
	ledger.paid = store.Crash // the process dies right after the payment
	pay(handler, "order-17")
	ledger.paid = nil

	retry := pay(handler, "order-17")
	got(t, retry, http.StatusConflict, "IN_PROGRESS") // the lease still runs
	store.Advance(30 * time.Second)
	retry = pay(handler, "order-17")
	got(t, retry, http.StatusConflict, "OUTCOME_UNKNOWN")
	if n := ledger.Len(); n != 1 {
		t.Errorf("%d payments, want 1", n)
	}
}

func TestHandlerLooksForItsPaymentAfterACrash(t *testing.T) {
	ledger, store := &ledger{}, idempotencytest.NewStore(t)
	engine := newEngine(t, store)
	handle := func() (string, error) {
		result, err := engine.Do(t.Context(), "pay", idempotency.Call{Key: "order-17"}, func(ctx context.Context) ([]byte, error) {
			execution, _ := idempotency.FromContext(ctx)
			if execution.Recovered && ledger.Len() == 1 {
				return []byte("was paid before"), nil
			}
			ledger.pay("5")
			return []byte("paid"), nil
		})
		return string(result.Outcome), err
	}

	store.CrashNext() // the process dies before the outcome is recorded
	_, _ = handle()
	store.Advance(idempotency.DefaultLease)
	if outcome, err := handle(); outcome != "was paid before" || err != nil {
		t.Errorf("got %q, %v", outcome, err)
	}
	if n := ledger.Len(); n != 1 {
		t.Errorf("%d payments, want 1", n)
	}
}

func TestNothingIsPaidWhileTheStoreIsDown(t *testing.T) {
	ledger, store := &ledger{}, idempotencytest.NewStore(t)
	handler := newHandler(t, ledger, store)

	store.Fail(errors.New("connection refused"))
	got(t, pay(handler, "order-17"), http.StatusServiceUnavailable, "STORE_UNAVAILABLE")
	if n := ledger.Len(); n != 0 {
		t.Errorf("%d payments, want none", n)
	}
}

func TestPaymentHappensOnceAlthoughTheStoreLosesReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // pauses between retries take no time
		ledger, store := &ledger{}, idempotencytest.NewStore(t)
		handler := newHandler(t, ledger, store)
		store.LoseReplies(3, idempotencytest.Claim, idempotencytest.Complete)

		idempotencytest.AssertHTTPOnce(t, ledger.Len, idempotencytest.SendTo(handler), newPayment())
	})
}

func TestKeyIsNewAfterItsRetention(t *testing.T) {
	ledger, store := &ledger{}, idempotencytest.NewStore(t)
	handler := newHandler(t, ledger, store, idempotency.WithPolicy("*", idempotency.Policy{Retention: 24 * time.Hour}))

	pay(handler, "order-17")
	store.Advance(23 * time.Hour)
	idempotencytest.RequireReplayed(t, pay(handler, "order-17").Header())
	store.Advance(time.Hour)
	idempotencytest.RequireNotReplayed(t, pay(handler, "order-17").Header())
}
