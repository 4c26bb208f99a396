package idemgrpc_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
	"github.com/oncewire/idempotency/internal/txtest"
)

// transacting is a store with transactions, and a guard whose handlers run in them.
type transacting struct {
	*txtest.Store

	guard *idemgrpc.Interceptor
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

// writes is a handler: it enters a payment and sets metadata.
func writes(ctx context.Context) error {
	return errors.Join(
		txtest.Write(ctx, "payment"),
		grpc.SetHeader(ctx, metadata.Pairs("ledger", "a", "seal-bin", "\x00\xff")),
		grpc.SetTrailer(ctx, metadata.Pairs("entries", "7")),
	)
}

func paying(answer error) *service {
	return &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		return &paymentsv1.Payment{Id: "the money"}, errors.Join(writes(ctx), answer)
	}}
}

var errDown = errors.New("dial tcp 10.1.2.3:5432: connection refused")

func failsWith(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// setsOuter is an outer interceptor that sets metadata.
func setsOuter(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if err := grpc.SetHeader(ctx, metadata.Pairs("ledger", "outer")); err != nil {
		return nil, err
	}
	return handler(ctx, request)
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
		t.Run(name, func(t *testing.T) {
			b, service := newTransacting(t), paying(nil)
			client := serve(t, service, grpc.ChainUnaryInterceptor(setsOuter, b.guard.Unary))
			b.BeforeCommit = failsWith(test.failure)
			got := create(client, "k", nil)
			checkRefusal(t, got.err, codes.Unavailable, test.reason, true)
			if !slices.Equal(got.headers.Get("ledger"), []string{"outer"}) || got.headers.Get("seal-bin") != nil || got.trailer.Get("entries") != nil {
				t.Errorf("got metadata %v and %v", got.headers, got.trailer)
			}
			if text := got.err.Error(); strings.Contains(text, "10.1.2.3") {
				t.Error(text)
			}
			b.wrote(t)
			b.BeforeCommit = nil
			first, again := create(client, "k", nil), create(client, "k", nil)
			if first.err != nil || again.err != nil || !proto.Equal(first.payment, again.payment) || service.runs.Load() != 2 {
				t.Errorf("%v, %v, %d runs", first.err, again.err, service.runs.Load())
			}
			if !slices.Equal(first.headers.Get("ledger"), []string{"outer", "a"}) || !slices.Equal(first.trailer.Get("entries"), []string{"7"}) {
				t.Errorf("got metadata %v and %v", first.headers, first.trailer)
			}
			b.wrote(t, "payment")
		})
	}
}

// TestErrorIsNotSentIfItsCommitFails, as any other answer.
func TestErrorIsNotSentIfItsCommitFails(t *testing.T) {
	b := newTransacting(t)
	b.BeforeCommit = failsWith(backend.ErrNotCommitted)
	client := serve(t, paying(status.Error(codes.FailedPrecondition, "declined")), grpc.UnaryInterceptor(b.guard.Unary))
	checkRefusal(t, create(client, "k", nil).err, codes.Unavailable, idempotency.ReasonRolledBack, true)
}

func TestAnswerLeavesAfterTheCommit(t *testing.T) {
	b := newTransacting(t)
	answered, committing, proceed := make(chan answer, 1), make(chan struct{}), make(chan struct{})
	b.BeforeCommit = func(context.Context) error {
		close(committing)
		<-proceed
		return nil
	}
	client := serve(t, paying(nil), grpc.UnaryInterceptor(b.guard.Unary))
	go func() { answered <- create(client, "k", nil) }()
	<-committing
	checkRefusal(t, create(client, "k", nil).err, codes.Aborted, idempotency.ReasonInProgress, true)
	select {
	case got := <-answered:
		t.Errorf("answered before the commit: %v", got)
	default:
	}
	close(proceed)
	if got := <-answered; got.err != nil {
		t.Error(got.err)
	}
}

// TestAnswerOfATransactionIsThatOfALease, the first one and the replay.
func TestAnswerOfATransactionIsThatOfALease(t *testing.T) {
	detailed, _ := status.New(codes.FailedPrecondition, "café closed").WithDetails(&errdetails.ErrorInfo{Reason: "CLOSED"})
	for name, test := range map[string]struct {
		answer            error
		written, recorded bool
	}{
		"success":   {nil, true, true},
		"details":   {detailed.Err(), false, true},
		"internal":  {status.Error(codes.Internal, "internal"), false, true},
		"released":  {status.Error(codes.ResourceExhausted, "later"), false, false},
		"abandoned": {status.Error(codes.Unavailable, "down"), false, false},
		"no status": {errors.New("an error"), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			handler := func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
				if txtest.InTransaction(ctx) {
					if err := txtest.Write(ctx, "payment"); err != nil {
						return nil, err
					}
				}
				_ = grpc.SetHeader(ctx, metadata.Pairs("ledger", "a", "seal-bin", "\x00\xff"))
				_ = grpc.SetTrailer(ctx, metadata.Pairs("entries", "7"))
				return &paymentsv1.Payment{Id: "p", Amount: 7}, test.answer
			}
			b, held, leased := newTransacting(t), &service{create: handler}, &service{create: handler}
			inTransaction := serve(t, held, grpc.UnaryInterceptor(b.guard.Unary))
			underLease := serve(t, leased, guarded(t, newEngine(t)))
			for range 2 {
				got, want := create(inTransaction, "k", nil), create(underLease, "k", nil)
				if !proto.Equal(got.payment, want.payment) || !proto.Equal(status.Convert(got.err).Proto(), status.Convert(want.err).Proto()) ||
					!reflect.DeepEqual(got.headers, want.headers) || !reflect.DeepEqual(got.trailer, want.trailer) {
					t.Errorf("in a transaction %v\nunder a lease %v", got, want)
				}
			}
			if test.written {
				b.wrote(t, "payment")
			} else {
				b.wrote(t)
			}
			if runs := held.runs.Load(); (runs == 1) != test.recorded {
				t.Errorf("%d runs", runs)
			}
		})
	}
}

// TestGuardAroundATransaction releases its claim if the transaction was rolled back, and
// abandons it if that is unknown.
func TestGuardAroundATransaction(t *testing.T) {
	b, service := newTransacting(t), &service{}
	outer := newGuard(t, newEngine(t, idempotency.WithPolicy("*", idempotency.Policy{OnAbandoned: idempotency.Reject})))
	client := serve(t, service, nested(outer, b.guard))
	b.BeforeCommit = failsWith(backend.ErrNotCommitted)
	for range 2 {
		checkRefusal(t, create(client, "rolled-back", nil).err, codes.Unavailable, idempotency.ReasonRolledBack, true)
	}
	b.BeforeCommit = nil
	if got := create(client, "rolled-back", nil); got.err != nil || service.runs.Load() != 3 {
		t.Errorf("%v, %d runs", got.err, service.runs.Load())
	}
	b.BeforeCommit = failsWith(errDown)
	checkRefusal(t, create(client, "unknown", nil).err, codes.Unavailable, idempotency.ReasonCommitUnknown, true)
	checkRefusal(t, create(client, "unknown", nil).err, codes.FailedPrecondition, idempotency.ReasonOutcomeUnknown, false)
}

// TestTwoGuardsInOneTransaction run the handler in it once.
func TestTwoGuardsInOneTransaction(t *testing.T) {
	b, service := newTransacting(t), paying(nil)
	client := serve(t, service, nested(b.guard, b.guard))
	first, again := create(client, "k", nil), create(client, "k", nil)
	if first.err != nil || again.err != nil || service.runs.Load() != 1 || !slices.Equal(first.headers.Get("ledger"), []string{"a"}) {
		t.Errorf("%v, %v, %d runs, %v", first.err, again.err, service.runs.Load(), first.headers)
	}
	b.wrote(t, "payment")
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
	b.AfterCommit = func(context.Context) error {
		if commits == 2 {
			return errDown // and so unknown
		}
		return nil
	}
	retries, err := idemgrpc.NewClientInterceptor()
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, service, []grpc.ServerOption{grpc.UnaryInterceptor(b.guard.Unary)}, grpc.WithChainUnaryInterceptor(retries.Unary))
	got, err := paymentsv1.NewPaymentServiceClient(conn).CreatePayment(t.Context(), &paymentsv1.CreatePaymentRequest{})
	if err != nil || got.GetId() != "the money" || service.runs.Load() != 2 {
		t.Errorf("%v, %v, %d runs", got, err, service.runs.Load())
	}
	b.wrote(t, "payment")
}
