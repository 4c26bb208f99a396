package idemconnect_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/internal/mark"
)

// TestInstalledTwice : as one interceptor, and as two of one engine.
func TestInstalledTwice(t *testing.T) {
	engine := newEngine(t)
	once := newGuard(t, engine)
	for name, inner := range map[string]connect.Interceptor{"one": once, "two": newGuard(t, engine)} {
		service := new(service)
		client := serveWith(t, service, once, inner).newClient()
		for call := range int64(3) {
			key := name + strconv.FormatInt(call, 10)
			first, err1 := create(client, key, nil)
			again, err2 := create(client, key, nil)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if first.Msg.GetId() != again.Msg.GetId() || again.Header().Get(marker) != "true" || service.runs.Load() != call+1 {
				t.Errorf("%s: %v, %v, %d runs of %d", name, first.Msg, again.Msg, service.runs.Load(), call+1)
			}
		}
	}
}

// TestTwoEnginesBothGuard : each engine has its own record, and replays it also
// without the other.
func TestTwoEnginesBothGuard(t *testing.T) {
	outer, inner := newGuard(t, newEngine(t)), newGuard(t, newEngine(t))
	service := new(service)
	first, err := create(serveWith(t, service, outer, inner).newClient(), "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, guards := range map[string][]connect.Interceptor{"outer": {outer}, "inner": {inner}, "both": {outer, inner}} {
		again, err := create(serveWith(t, service, guards...).newClient(), "k", nil)
		if err != nil || again.Msg.GetId() != first.Msg.GetId() || len(again.Header().Values(marker)) != 1 {
			t.Errorf("%s: %v, %v", name, again, err)
		}
	}
	if service.runs.Load() != 1 {
		t.Errorf("%d runs", service.runs.Load())
	}
}

// TestAnotherKeyInside : a handler calls a guarded operation in the same process
// with another key, and both calls are guarded.
func TestAnotherKeyInside(t *testing.T) {
	guard := newGuard(t, newEngine(t))
	charges, outer := 0, 0
	charge := guard.WrapUnary(func(context.Context, connect.AnyRequest) (connect.AnyResponse, error) {
		charges++
		return connect.NewResponse(&paymentsv1.Payment{Id: strconv.Itoa(charges)}), nil
	})
	for _, each := range []struct {
		key, inside    string
		outer, charges int
	}{
		{"a", "x", 1, 1}, {"a", "x", 1, 1}, // a replay of the outer
		{"b", "x", 2, 1}, // another call, the same charge
		{"c", "y", 3, 2},
	} {
		call := guard.WrapUnary(func(ctx context.Context, _ connect.AnyRequest) (connect.AnyResponse, error) {
			outer++
			return charge(ctx, newKeyed(each.inside))
		})
		if _, err := call(context.Background(), newKeyed(each.key)); err != nil {
			t.Fatal(err)
		}
		if outer != each.outer || charges != each.charges {
			t.Errorf("%s around %s: %d runs with %d charges, want %d and %d", each.key, each.inside, outer, charges, each.outer, each.charges)
		}
	}
}

func TestTwoLayersRecordOnce(t *testing.T) {
	inner := newGuard(t, newEngine(t))
	started, finish := make(chan struct{}), make(chan struct{})
	service := &service{create: func(context.Context, *createRequest) (*createResponse, error) {
		close(started)
		<-finish
		return connect.NewResponse(&paymentsv1.Payment{Id: "p"}), nil
	}}
	behind := serveWith(t, service, inner).newClient()
	front := serveWith(t, service, newGuard(t, newEngine(t)), inner).newClient()
	done := make(chan error)
	go func() {
		_, err := create(behind, "k", nil)
		done <- err
	}()
	<-started
	_, err := create(front, "k", nil)
	checkRefusal(t, err, connect.CodeAborted, idempotency.ReasonInProgress, true)
	_, err = create(front, "k", &paymentsv1.CreatePaymentRequest{Amount: 1})
	checkRefusal(t, err, connect.CodeInvalidArgument, idempotency.ReasonKeyReused, false)
	close(finish)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got, err := create(front, "k", nil); err != nil || got.Msg.GetId() != "p" || service.runs.Load() != 1 {
		t.Errorf("after the inner refusals: %v, %d runs", err, service.runs.Load())
	}
}

// TestOnlyOwnRefusalsRelease : a refusal is one of this call only if its ErrorInfo
// has the mark of this call. The header field alone is not enough.
func TestOnlyOwnRefusalsRelease(t *testing.T) {
	const procedure = paymentsv1connect.PaymentServiceCreatePaymentProcedure
	own := mark.Of(procedure, "k")
	for name, each := range map[string]struct {
		mark string
		runs int64
	}{
		"own":          {own, 2},
		"none":         {"", 1},
		"made up":      {"anything", 1},
		"another key":  {mark.Of(procedure, "l"), 1},
		"another call": {mark.Of("/other.Service/Method", "k"), 1},
	} {
		refusal := connect.NewError(connect.CodeInvalidArgument, errors.New("used"))
		refusal.Meta().Set(mark.Field, own)
		detail, err := connect.NewErrorDetail(&errdetails.ErrorInfo{
			Reason: string(idempotency.ReasonKeyReused), Domain: idempotency.Domain,
			Metadata: map[string]string{"operation": procedure, "mark": each.mark},
		})
		if err != nil {
			t.Fatal(err)
		}
		refusal.AddDetail(detail)
		service := &service{create: func(context.Context, *createRequest) (*createResponse, error) { return nil, refusal }}
		client := payments(t, service, newEngine(t)).newClient()
		_, _ = create(client, "k", nil)
		_, again := create(client, "k", nil)
		if service.runs.Load() != each.runs {
			t.Errorf("%s: %d runs, want %d", name, service.runs.Load(), each.runs)
		}
		replayed, _ := errors.AsType[*connect.Error](again)
		if each.runs == 1 && replayed.Meta().Get(mark.Field) != "" {
			t.Errorf("%s: the mark in a header field is replayed", name)
		}
	}
}

// TestRefusalsAreMarked : by operation and key, also in the header field.
func TestRefusalsAreMarked(t *testing.T) {
	client := payments(t, new(service), newEngine(t)).newClient()
	if _, err := create(client, "k", nil); err != nil {
		t.Fatal(err)
	}
	_, err := create(client, "k", &paymentsv1.CreatePaymentRequest{Amount: 1})
	checkRefusal(t, err, connect.CodeInvalidArgument, idempotency.ReasonKeyReused, false)
	refused, _ := errors.AsType[*connect.Error](err)
	if text := refused.Meta().Get(mark.Field); !mark.Matches(text, paymentsv1connect.PaymentServiceCreatePaymentProcedure, "k") {
		t.Errorf("the mark is %q", text)
	}
}
