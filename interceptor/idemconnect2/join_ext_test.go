package idemconnect2_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// committing is a transaction of a handler that commits each step at once.
type committing struct{ store *memstore.Store }

func (c committing) Store() backend.Store { return c.store }

func (c committing) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	return c.store.Complete(ctx, key, token, outcome)
}

func (c committing) Mark(context.Context, backend.Key, backend.Token, []byte) error {
	return errors.ErrUnsupported
}

func (c committing) Extend(context.Context, backend.Key, backend.Token, time.Duration, time.Duration) error {
	return nil
}

func (c committing) Committed(ctx context.Context, key backend.Key, token backend.Token) (backend.Record, error) {
	return c.store.Claim(ctx, key, backend.Claim{Token: token})
}

// TestCompletedOutcomeIsTheAnswer of every caller, with its metadata and no other,
// whatever the handler answers after it has completed its claim.
func TestCompletedOutcomeIsTheAnswer(t *testing.T) {
	store := memstore.New()
	t.Cleanup(func() { _ = store.Close() })
	engine, err := idempotency.New(store)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	completed := &paymentsv1.Payment{Id: "p"}
	declined := connect.NewError(connect.CodeFailedPrecondition, "declined")
	for name, c := range map[string]struct {
		response any
		answer   *paymentsv1.Payment
		err      error
		replaced bool
	}{
		"same":     {response: completed, answer: completed},
		"other":    {response: completed, answer: &paymentsv1.Payment{Id: "other"}, replaced: true},
		"error":    {response: completed, err: connect.NewError(connect.CodeInternal, "mail"), replaced: true},
		"declined": {response: declined, err: declined},
		"lie":      {response: declined, answer: completed, replaced: true},
	} {
		ledger := &service{create: func(ctx context.Context, _ *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
			info, _ := connect.CallInfoForServerContext(ctx)
			info.ResponseHeader().Set("Payment-Id", "p")
			claim, _ := backend.HandlerClaimFromContext(ctx)
			if err := claim.Complete(ctx, committing{store}, "text"); err == nil {
				t.Errorf("%s: a claim was completed with a text", name)
			}
			if err := claim.Complete(ctx, committing{store}, c.response); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if c.replaced {
				info.ResponseHeader().Set("Late", "header")
			}
			return c.answer, c.err
		}}
		client := serveWith(t, ledger, newGuard(t, engine)).newClient()
		for _, replayed := range []bool{c.replaced, true} {
			got, err := create(client, name, nil)
			if c.response == any(completed) && (err != nil || got.GetId() != "p") {
				t.Errorf("%s: got %v, %v", name, got.Payment, err)
			}
			if c.response == any(declined) && connect.CodeOf(err) != connect.CodeFailedPrecondition {
				t.Errorf("%s: got error %v", name, err)
			}
			fields := got.metadata()
			if strings.Join(fields.Values("Payment-Id"), ",") != "p" || fields.Get("Late") != "" || got.marked() != replayed {
				t.Errorf("%s: got %v, want replayed %t", name, fields, replayed)
			}
		}
		if ledger.runs.Load() != 1 {
			t.Errorf("%s: the handler ran %d times", name, ledger.runs.Load())
		}
	}
}
