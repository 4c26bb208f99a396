package idempotency_test

import (
	"context"
	"slices"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/txtest"
)

// bank is an engine whose handlers run in transactions, and what they write.
type bank struct {
	testing.TB

	store  *txtest.Store
	engine *idempotency.Engine
	seen   *events
}

// newBank returns a bank with a policy, in which transactions are on.
func newBank(tb testing.TB, policy idempotency.Policy, options ...idempotency.Option) *bank {
	tb.Helper()
	store := txtest.New()
	tb.Cleanup(func() { _ = store.Close() })
	return newBankOn(tb, store, store, policy, options...)
}

// newBankOn is newBank with a store that wraps the other one.
func newBankOn(tb testing.TB, store *txtest.Store, outer backend.Store, policy idempotency.Policy, options ...idempotency.Option) *bank {
	tb.Helper()
	if policy.Transaction == 0 {
		policy.Transaction = backend.OneCommit
	}
	b := &bank{TB: tb, store: store, seen: new(events)}
	b.engine = newEngine(tb, outer, append(options, all(policy), idempotency.WithObserver(b.seen))...)
	return b
}

// pays returns a handler that writes a payment and answers.
func (b *bank) pays(text string, answer idempotency.Answer) func(context.Context) idempotency.Answer {
	return func(ctx context.Context) idempotency.Answer {
		ok(b, txtest.Write(ctx, text))
		return answer
	}
}

// recorded is the answer of a successful payment.
func recorded(text string) idempotency.Answer { return recording(text).answer }

// pay makes a call whose handler writes a payment and answers its name.
func (b *bank) pay(key, text string) (idempotency.Result, error) {
	return run(b.Context(), b.engine, payment(key), b.pays(text, recorded(text)))
}

// wrote requires that these payments are committed, and no others.
func (b *bank) wrote(texts ...string) {
	b.Helper()
	if got := b.store.Written(); !slices.Equal(got, texts) {
		b.Errorf("committed are %q, want %q", got, texts)
	}
}

// saw requires the kinds of the events since the last call.
func (b *bank) saw(kinds ...string) {
	b.Helper()
	if got := b.seen.kinds(); !slices.Equal(got, kinds) {
		b.Errorf("got events %q, want %q", got, kinds)
	}
	b.seen.mu.Lock()
	defer b.seen.mu.Unlock()
	b.seen.all = nil
}

// runs requires that a call with the key runs, as the attempt.
func (b *bank) runs(key string, attempt int) {
	b.Helper()
	starts(b, b.engine, payment(key), recording("next"), attempt)
}
