package memstore_test

import (
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
)

func TestClose(t *testing.T) {
	store := opened(t)
	for n := range 100 {
		win(t, store, n, claimed(n))
	}
	ok(t, store.Complete(t.Context(), key(0), claimed(0).Token, backend.Outcome{Bytes: []byte("x"), Retention: time.Hour}))
	for range 2 {
		ok(t, store.Close())
		holds(t, store, 0, 0)
	}
	_, err := store.Claim(t.Context(), key(0), claimed(0))
	want(t, err, backend.ErrClosed)
	want(t, store.Wait(t.Context(), key(0), claimed(0).Token), backend.ErrClosed)
}
