package idemconnect2_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/internal/txtest"
)

// transacting is a store with transactions, and a guard whose handlers run in them.
type transacting struct {
	*txtest.Store

	guard connect.ServerInterceptor
}

func newTransacting(t *testing.T) *transacting {
	t.Helper()
	store := txtest.New()
	t.Cleanup(func() { _ = store.Close() })
	engine, err := idempotency.New(store, idempotency.WithPolicy("*", idempotency.Policy{Transaction: backend.OneCommit}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return &transacting{store, newGuard(t, engine)}
}

func (b *transacting) wrote(t *testing.T, texts ...string) {
	t.Helper()
	if got := b.Written(); !slices.Equal(got, texts) {
		t.Errorf("committed are %q, want %q", got, texts)
	}
}

// paying is a service that writes a payment and sets metadata.
func paying(failure error) *service {
	return &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		info, _ := connect.CallInfoForServerContext(ctx)
		if txtest.InTransaction(ctx) {
			if err := txtest.Write(ctx, info.RequestHeader().Get(keyField)); err != nil {
				return nil, err
			}
		}
		info.ResponseHeader().Set("Ledger", "a")
		info.ResponseHeader().Add("Outer", "2")
		info.ResponseTrailer().Set("Entries", "7")
		if failure != nil {
			return nil, failure
		}
		return &paymentsv1.Payment{Id: "the money"}, nil
	}}
}

var errDown = errors.New("dial tcp 10.1.2.3:5432: connection refused")

func failsWith(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// setsOuter is an outer interceptor that sets metadata.
func setsOuter(next connect.ServerFunc) connect.ServerFunc {
	return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
		info, _ := connect.CallInfoForServerContext(ctx)
		info.ResponseHeader().Set("Outer", "1")
		return next(ctx, spec, stream)
	}
}

// TestRolledBackAnswerIsNotSent: neither message nor metadata of the handler, and the
// next call runs.
func TestRolledBackAnswerIsNotSent(t *testing.T) {
	for name, test := range map[string]struct {
		failure error
		reason  idempotency.Reason
	}{
		"rolled back": {errors.Join(backend.ErrNotCommitted, errDown), idempotency.ReasonRolledBack},
		"unknown":     {errDown, idempotency.ReasonCommitUnknown},
	} {
		for protocol, options := range protocols {
			t.Run(name+" "+protocol, func(t *testing.T) {
				b, service := newTransacting(t), paying(nil)
				client := serveWith(t, service, setsOuter, b.guard).newClient(options...)
				b.BeforeCommit = failsWith(test.failure)
				got, err := create(client, "k", nil)
				checkRefusal(t, got, err, connect.CodeUnavailable, test.reason, true)
				if fields := got.metadata(); !slices.Equal(fields.Values("Outer"), []string{"1"}) || fields.Get("Ledger")+fields.Get("Entries") != "" {
					t.Errorf("got metadata %v", fields)
				}
				b.wrote(t)
				b.BeforeCommit = nil
				first, err1 := create(client, "k", nil)
				again, err2 := create(client, "k", nil)
				if err1 != nil || err2 != nil || !proto.Equal(first.Payment, again.Payment) || service.runs.Load() != 2 {
					t.Fatalf("%v, %v, %d runs", err1, err2, service.runs.Load())
				}
				if first.info.ResponseHeader().Get("Ledger") != "a" || first.info.ResponseTrailer().Get("Entries") != "7" {
					t.Errorf("got metadata %v", first.metadata())
				}
				b.wrote(t, "k")
			})
		}
	}
}

func TestAnswerLeavesAfterTheCommit(t *testing.T) {
	b := newTransacting(t)
	answered, committing, proceed := make(chan error, 1), make(chan struct{}), make(chan struct{})
	b.BeforeCommit = func(context.Context) error {
		close(committing)
		<-proceed
		return nil
	}
	client := serveWith(t, paying(nil), b.guard).newClient()
	go func() {
		_, err := create(client, "k", nil)
		answered <- err
	}()
	<-committing
	got, err := create(client, "k", nil)
	checkRefusal(t, got, err, connect.CodeAborted, idempotency.ReasonInProgress, true)
	select {
	case err := <-answered:
		t.Errorf("answered before the commit: %v", err)
	default:
	}
	close(proceed)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

// TestAnswerOfATransactionIsThatOfALease, the first one and the replay.
func TestAnswerOfATransactionIsThatOfALease(t *testing.T) {
	for name, test := range map[string]struct {
		answer            error
		written, recorded bool
	}{
		"success":   {nil, true, true},
		"declined":  {detailed(t, "declined"), false, true},
		"internal":  {connect.NewError(connect.CodeInternal, "internal"), false, true},
		"released":  {connect.NewError(connect.CodeResourceExhausted, "later"), false, false},
		"abandoned": {connect.NewError(connect.CodeUnavailable, "down"), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			b, held, leased := newTransacting(t), paying(test.answer), paying(test.answer)
			inTransaction, underLease := serveWith(t, held, b.guard), payments(t, leased, newEngine(t))
			for protocol, options := range protocols {
				key := keyOf(protocol)
				for range 2 {
					got, err := create(inTransaction.newClient(options...), key, nil)
					want, wantErr := create(underLease.newClient(options...), key, nil)
					sameAnswer(t, protocol, got, want)
					if (err == nil) != (wantErr == nil) {
						t.Fatalf("%s: in a transaction %v, under a lease %v", protocol, err, wantErr)
					}
					if err != nil {
						checkSameError(t, protocol, errorIn(t, err), errorIn(t, wantErr))
					}
				}
			}
			if got := len(b.Written()); (got == len(protocols)) != test.written || !test.written && got > 0 {
				t.Errorf("committed are %q", b.Written())
			}
			if runs := int(held.runs.Load()); (runs == len(protocols)) != test.recorded {
				t.Errorf("%d runs", runs)
			}
		})
	}
}

func sameAnswer(t *testing.T, protocol string, got, want answer) {
	t.Helper()
	for _, each := range []answer{got, want} {
		each.info.ResponseHeader().Delete("Date")
		each.info.ResponseTrailer().Delete("Date") // without a body, gRPC has all in one header
	}
	if !proto.Equal(got.Payment, want.Payment) || !reflect.DeepEqual(got.info.ResponseHeader(), want.info.ResponseHeader()) ||
		!reflect.DeepEqual(got.info.ResponseTrailer(), want.info.ResponseTrailer()) {
		t.Errorf("%s: in a transaction %v %v\nunder a lease %v %v", protocol, got.Payment, got.metadata(), want.Payment, want.metadata())
	}
}

// TestGuardAroundATransaction releases its claim if the transaction was rolled back, and
// abandons it if that is unknown.
func TestGuardAroundATransaction(t *testing.T) {
	b, service := newTransacting(t), &service{}
	outer := newGuard(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: idempotency.Reject})))
	client := serveWith(t, service, outer, b.guard).newClient()
	b.BeforeCommit = failsWith(backend.ErrNotCommitted)
	for range 2 {
		got, err := create(client, "rolled-back", nil)
		checkRefusal(t, got, err, connect.CodeUnavailable, idempotency.ReasonRolledBack, true)
	}
	b.BeforeCommit = nil
	if _, err := create(client, "rolled-back", nil); err != nil || service.runs.Load() != 3 {
		t.Errorf("%v, %d runs", err, service.runs.Load())
	}
	b.BeforeCommit = failsWith(errDown)
	got, err := create(client, "unknown", nil)
	checkRefusal(t, got, err, connect.CodeUnavailable, idempotency.ReasonCommitUnknown, true)
	got, err = create(client, "unknown", nil)
	checkRefusal(t, got, err, connect.CodeFailedPrecondition, idempotency.ReasonOutcomeUnknown, false)
}

// TestClientSendsARolledBackCallAgain with its key, and gets the answer.
func TestClientSendsARolledBackCallAgain(t *testing.T) {
	b, service := newTransacting(t), paying(nil)
	commits := 0
	b.BeforeCommit = func(context.Context) error {
		if commits++; commits == 1 {
			return backend.ErrNotCommitted
		}
		return nil
	}
	client := serveWith(t, service, b.guard).intercepted(nil, newClientInterceptor(t))
	got, err := client.CreatePayment(t.Context(), new(paymentsv1.CreatePaymentRequest))
	if err != nil || got.GetId() != "the money" || service.runs.Load() != 2 || len(b.Written()) != 1 {
		t.Errorf("%v, %v, %d runs", got, err, service.runs.Load())
	}
}
