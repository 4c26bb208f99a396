package idemconnect2_test

import (
	"context"
	"testing"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

// rollingBack is a store whose transactions are never committed.
type rollingBack struct{ *memstore.Store }

func (r rollingBack) Begin(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, backend.Transaction, error) {
	record, err := r.Claim(ctx, key, claim)
	return record, rolledBack{}, err
}

type rolledBack struct{}

func (rolledBack) Context(parent context.Context) context.Context { return parent }
func (rolledBack) Failed() bool                                   { return false }
func (rolledBack) DiscardWrites()                                 {}
func (rolledBack) Commit(context.Context, backend.Outcome) error  { return backend.ErrNotCommitted }
func (rolledBack) Rollback(context.Context) error                 { return nil }

// TestAnswerOfARolledBackTransaction is not sent: neither its message nor its metadata.
func TestAnswerOfARolledBackTransaction(t *testing.T) {
	store := memstore.New()
	t.Cleanup(func() { _ = store.Close() })
	engine, err := idempotency.New(rollingBack{store}, idempotency.WithPolicy("*", idempotency.Policy{Transaction: backend.OneCommit}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	ledger := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
		info, _ := connect.CallInfoForServerContext(ctx)
		info.ResponseHeader().Set("Payment-Id", "p")
		info.ResponseHeader().Add("Outer", "inner")
		info.ResponseTrailer().Set("Payment-Id", "p")
		return &paymentsv1.Payment{Id: "p"}, nil
	}}
	outer := func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			info, _ := connect.CallInfoForServerContext(ctx)
			info.ResponseHeader().Set("Outer", "outer")
			return next(ctx, spec, stream)
		}
	}
	got, err := create(serveWith(t, ledger, outer, newGuard(t, engine)).newClient(), "k", nil)
	refused, _ := idemconnect2.Refusal(err)
	if refused == nil || refused.Reason != idempotency.ReasonRolledBack || ledger.runs.Load() != 1 {
		t.Errorf("got %v after %d runs", err, ledger.runs.Load())
	}
	if fields := got.metadata(); fields.Get("Payment-Id") != "" || len(fields.Values("Outer")) != 1 {
		t.Errorf("the refusal has %v", fields)
	}
}
