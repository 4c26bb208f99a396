package httpmw_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/internal/txtest"
)

// bank is a store with transactions, and an engine whose handlers run in them.
type bank struct {
	*txtest.Store

	engine *idempotency.Engine
}

func newBank(tb testing.TB, options ...idempotency.Option) *bank {
	tb.Helper()
	store := txtest.New()
	options = append(options, idempotency.WithPolicy("*", idempotency.Policy{Transaction: backend.OneCommit}))
	return &bank{store, engineOn(tb, store, options...)}
}

func (b *bank) guard(tb testing.TB, handler http.Handler, options ...httpmw.Option) http.Handler {
	tb.Helper()
	return newGuard(tb, b.engine, options...).Wrap(handler)
}

// wrote requires the texts that are committed.
func (b *bank) wrote(tb testing.TB, texts ...string) {
	tb.Helper()
	if got := b.Written(); !slices.Equal(got, texts) {
		tb.Errorf("committed are %q, want %q", got, texts)
	}
}

// writing returns a handler that writes a payment, sets a field of the header, and
// answers.
func writing(tb testing.TB, answer http.HandlerFunc) *counted {
	tb.Helper()
	return count(func(w http.ResponseWriter, r *http.Request) {
		if err := txtest.Write(r.Context(), "payment"); err != nil {
			tb.Error(err)
		}
		w.Header().Set("X-Handler", "1")
		answer(w, r)
	})
}

func failsWith(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}
