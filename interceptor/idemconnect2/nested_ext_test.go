package idemconnect2_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	paymentsv1connect "github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect2"
	"github.com/oncewire/idempotency/internal/mark"
)

// TestInstalledTwice : as one interceptor, and as two of one engine.
func TestInstalledTwice(t *testing.T) {
	engine := newEngine(t)
	once := newGuard(t, engine)
	for name, inner := range map[string]connect.ServerInterceptor{"one": once, "two": newGuard(t, engine)} {
		service := new(service)
		client := serveWith(t, service, once, inner).newClient()
		for call := range int64(3) {
			key := name + strconv.FormatInt(call, 10)
			first, err1 := create(client, key, nil)
			again, err2 := create(client, key, nil)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if first.GetId() != again.GetId() || !again.marked() || service.runs.Load() != call+1 {
				t.Errorf("%s: %v, %v, %d runs of %d", name, first.Payment, again.Payment, service.runs.Load(), call+1)
			}
		}
	}
}

// TestTwoEnginesBothGuard : each engine has its own record, and replays it also
// without the other.
func TestTwoEnginesBothGuard(t *testing.T) {
	outer, inner := newGuard(t, newEngine(t)), newGuard(t, newEngine(t))
	service := new(service)
	request := &paymentsv1.CreatePaymentRequest{Amount: 7, Simulate: &paymentsv1.Simulate{}}
	first, err := create(serveWith(t, service, outer, inner).newClient(), "k", request)
	if err != nil || first.GetAmount() != 7 {
		t.Fatal(first, err)
	}
	for name, guards := range map[string][]connect.ServerInterceptor{"outer": {outer}, "inner": {inner}, "both": {outer, inner}} {
		again, err := create(serveWith(t, service, guards...).newClient(), "k", request)
		if err != nil || again.GetId() != first.GetId() || len(again.info.ResponseHeader().Values(marker)) != 1 {
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
	charge, outer := new(service), 0
	charges := paymentsv1connect.NewPaymentServiceClient(connect.NewClient(connectinprocess.New(newServer(charge, guard))))
	for _, each := range []struct {
		key, inside    string
		outer, charges int64
	}{
		{"a", "x", 1, 1}, {"a", "x", 1, 1}, // a replay of the outer
		{"b", "x", 2, 1}, // another call, the same charge
		{"c", "y", 3, 2},
	} {
		calling := &service{create: func(ctx context.Context, request *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
			outer++
			ctx, info := connect.NewClientContext(ctx)
			info.RequestHeader().Set(keyField, each.inside)
			return charges.CreatePayment(ctx, request)
		}}
		server := newServer(calling, guard)
		client := paymentsv1connect.NewPaymentServiceClient(connect.NewClient(connectinprocess.New(server)))
		if _, err := create(client, each.key, nil); err != nil {
			t.Fatal(err)
		}
		if int64(outer) != each.outer || charge.runs.Load() != each.charges {
			t.Errorf("%s around %s: %d runs with %d charges, want %d and %d", each.key, each.inside, outer, charge.runs.Load(), each.outer, each.charges)
		}
	}
}

func TestTwoLayersRecordOnce(t *testing.T) {
	inner := newGuard(t, newEngine(t))
	started, finish := make(chan struct{}), make(chan struct{})
	service := &service{create: func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		close(started)
		<-finish
		return &paymentsv1.Payment{Id: "p"}, nil
	}}
	behind := serveWith(t, service, inner).newClient()
	front := serveWith(t, service, newGuard(t, newEngine(t)), inner).newClient()
	done := make(chan error)
	go func() {
		_, err := create(behind, "k", nil)
		done <- err
	}()
	<-started
	got, err := create(front, "k", nil)
	checkRefusal(t, got, err, connect.CodeAborted, idempotency.ReasonInProgress, true)
	got, err = create(front, "k", &paymentsv1.CreatePaymentRequest{Amount: 1})
	checkRefusal(t, got, err, connect.CodeInvalidArgument, idempotency.ReasonKeyReused, false)
	close(finish)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got, err := create(front, "k", nil); err != nil || got.GetId() != "p" || service.runs.Load() != 1 {
		t.Errorf("after the inner refusals: %v, %d runs", err, service.runs.Load())
	}
}

// TestOnlyOwnRefusalsRelease : a refusal is one of this call only if its ErrorInfo
// has the mark of this call, also when another server sent it. The header field alone
// is not enough, and is not replayed.
func TestOnlyOwnRefusalsRelease(t *testing.T) {
	const procedure = paymentsv1connect.PaymentServiceCreatePaymentProcedure
	own := mark.Of(procedure, "k")
	for name, each := range map[string]struct {
		mark   string
		remote bool
		runs   int64
	}{
		"own":                 {own, false, 2},
		"own, from elsewhere": {own, true, 2},
		"none":                {"", false, 1},
		"made up":             {"anything", false, 1},
		"another key":         {mark.Of(procedure, "l"), false, 1},
		"another call":        {mark.Of("/other.Service/Method", "k"), true, 1},
	} {
		detail, err := connectproto.NewErrorDetail(&errdetails.ErrorInfo{
			Reason: string(idempotency.ReasonKeyReused), Domain: idempotency.Domain,
			Metadata: map[string]string{"operation": procedure, "mark": each.mark},
		})
		if err != nil {
			t.Fatal(err)
		}
		refusal := connect.NewError(connect.CodeInvalidArgument, "used").WithDetail(detail)
		if each.remote {
			refusal = refusal.WithRemote()
		}
		service := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
			info, _ := connect.CallInfoForServerContext(ctx)
			info.ResponseHeader().Set(mark.Field, own)
			return nil, refusal
		}}
		client := payments(t, service, newEngine(t)).newClient()
		_, _ = create(client, "k", nil)
		again, _ := create(client, "k", nil)
		if service.runs.Load() != each.runs {
			t.Errorf("%s: %d runs, want %d", name, service.runs.Load(), each.runs)
		}
		if each.runs == 1 && again.metadata().Get(mark.Field) != "" {
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
	got, err := create(client, "k", &paymentsv1.CreatePaymentRequest{Amount: 1})
	checkRefusal(t, got, err, connect.CodeInvalidArgument, idempotency.ReasonKeyReused, false)
	if text := got.info.ResponseHeader().Get(mark.Field); !mark.Matches(text, paymentsv1connect.PaymentServiceCreatePaymentProcedure, "k") {
		t.Errorf("the mark is %q", text)
	}
}
