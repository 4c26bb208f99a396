package idemconnect_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
	"github.com/oncewire/idempotency/internal/txtest"
)

// transacting is a store with transactions, and a guard whose handlers run in them.
type transacting struct {
	*txtest.Store

	guard connect.Interceptor
}

func newTransacting(t *testing.T) *transacting {
	t.Helper()
	store := txtest.New()
	t.Cleanup(func() { _ = store.Close() })
	engine, err := idempotency.New(store, idempotency.WithPolicy("*", idempotency.Policy{Transaction: backend.OneCommit}))
	if err != nil {
		t.Fatal(err)
	}
	return &transacting{store, newGuard(t, engine)}
}

func (b *transacting) wrote(t *testing.T, texts ...string) {
	t.Helper()
	if got := b.Written(); !slices.Equal(got, texts) {
		t.Errorf("committed are %q, want %q", got, texts)
	}
}

// paying is a service that writes a payment and sets metadata in every way.
func paying(answer error) *service {
	return &service{create: func(ctx context.Context, request *createRequest) (*createResponse, error) {
		if txtest.InTransaction(ctx) {
			if err := txtest.Write(ctx, request.Header().Get(keyField)); err != nil {
				return nil, err
			}
		}
		info, _ := connect.CallInfoForHandlerContext(ctx)
		info.ResponseHeader().Set("Ledger", "a")
		info.ResponseTrailer().Set("Entries", "7")
		if answer != nil {
			return nil, answer
		}
		response := connect.NewResponse(&paymentsv1.Payment{Id: "the money"})
		response.Header().Set("Ledger-Seal", "s")
		response.Trailer().Set("Entries-More", "8")
		return response, nil
	}}
}

var errDown = errors.New("dial tcp 10.1.2.3:5432: connection refused")

func failsWith(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// setsOuter is an outer interceptor that sets metadata.
var setsOuter = connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		info, _ := connect.CallInfoForHandlerContext(ctx)
		info.ResponseHeader().Set("Outer", "1")
		return next(ctx, request)
	}
})

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
				_, err := create(client, "k", nil)
				checkRefusal(t, err, connect.CodeUnavailable, test.reason, true)
				refused, _ := errors.AsType[*connect.Error](err)
				if meta := refused.Meta(); meta.Get("Outer") != "1" || meta.Get("Ledger") != "" || meta.Get("Ledger-Seal") != "" || meta.Get("Entries") != "" {
					t.Errorf("got metadata %v", meta)
				}
				b.wrote(t)
				b.BeforeCommit = nil
				first, err1 := create(client, "k", nil)
				again, err2 := create(client, "k", nil)
				if err1 != nil || err2 != nil || !proto.Equal(first.Msg, again.Msg) || service.runs.Load() != 2 {
					t.Fatalf("%v, %v, %d runs", err1, err2, service.runs.Load())
				}
				if !slices.Equal(first.Header().Values("Ledger"), []string{"a"}) || first.Trailer().Get("Entries") != "7" {
					t.Errorf("got metadata %v and %v", first.Header(), first.Trailer())
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
	_, err := create(client, "k", nil)
	checkRefusal(t, err, connect.CodeAborted, idempotency.ReasonInProgress, true)
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
	declined := connect.NewError(connect.CodeFailedPrecondition, errors.New("declined"))
	declined.Meta().Set("Why", "limit")
	for name, test := range map[string]struct {
		answer            error
		written, recorded bool
	}{
		"success":   {nil, true, true},
		"declined":  {declined, false, true},
		"internal":  {connect.NewError(connect.CodeInternal, errors.New("internal")), false, true},
		"released":  {connect.NewError(connect.CodeResourceExhausted, errors.New("later")), false, false},
		"abandoned": {connect.NewError(connect.CodeUnavailable, errors.New("down")), false, false},
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
					sameError(t, protocol, err, wantErr)
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

func sameAnswer(t *testing.T, protocol string, got, want *createResponse) {
	t.Helper()
	if got == nil || want == nil {
		if got != want {
			t.Errorf("%s: in a transaction %v, under a lease %v", protocol, got, want)
		}
		return
	}
	got.Header().Del("Date")
	want.Header().Del("Date")
	if !proto.Equal(got.Msg, want.Msg) || !reflect.DeepEqual(got.Header(), want.Header()) || !reflect.DeepEqual(got.Trailer(), want.Trailer()) {
		t.Errorf("%s: in a transaction %v %v %v\nunder a lease %v %v %v", protocol,
			got.Msg, got.Header(), got.Trailer(), want.Msg, want.Header(), want.Trailer())
	}
}

func sameError(t *testing.T, protocol string, got, want error) {
	t.Helper()
	a, isA := errors.AsType[*connect.Error](got)
	b, isB := errors.AsType[*connect.Error](want)
	if !isA && !isB && got == nil && want == nil {
		return
	}
	if !isA || !isB {
		t.Fatalf("%s: in a transaction %v, under a lease %v", protocol, got, want)
	}
	a.Meta().Del("Date")
	b.Meta().Del("Date")
	if a.Code() != b.Code() || a.Message() != b.Message() || !reflect.DeepEqual(a.Meta(), b.Meta()) {
		t.Errorf("%s: in a transaction %v %v\nunder a lease %v %v", protocol, a, a.Meta(), b, b.Meta())
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
		_, err := create(client, "rolled-back", nil)
		checkRefusal(t, err, connect.CodeUnavailable, idempotency.ReasonRolledBack, true)
	}
	b.BeforeCommit = nil
	if _, err := create(client, "rolled-back", nil); err != nil || service.runs.Load() != 3 {
		t.Errorf("%v, %d runs", err, service.runs.Load())
	}
	b.BeforeCommit = failsWith(errDown)
	_, err := create(client, "unknown", nil)
	checkRefusal(t, err, connect.CodeUnavailable, idempotency.ReasonCommitUnknown, true)
	_, err = create(client, "unknown", nil)
	checkRefusal(t, err, connect.CodeFailedPrecondition, idempotency.ReasonOutcomeUnknown, false)
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
	retries, err := idemconnect.NewClientInterceptor()
	if err != nil {
		t.Fatal(err)
	}
	client := serveWith(t, service, b.guard).newClient(connect.WithInterceptors(retries))
	got, err := client.CreatePayment(t.Context(), connect.NewRequest(new(paymentsv1.CreatePaymentRequest)))
	if err != nil || got.Msg.GetId() != "the money" || service.runs.Load() != 2 || len(b.Written()) != 1 {
		t.Errorf("%v, %v, %d runs", got, err, service.runs.Load())
	}
}
