package backendtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// opened is a claim in an open transaction, and what its handler writes.
type opened struct {
	backend.Transaction

	f     *fixture
	key   backend.Key
	claim backend.Claim
	ctx   context.Context // of the handler
	text  string          // unique
}

func (f *fixture) begin(ctx context.Context, key backend.Key, c backend.Claim) (backend.Record, backend.Transaction, error) {
	return f.store.(backend.Transactor).Begin(ctx, key, c)
}

// open begins a claim that must win.
func (f *fixture) open(key backend.Key, c backend.Claim) *opened {
	f.Helper()
	return f.openIn(f.Context(), key, c)
}

// openIn is open for a handler that runs in ctx. The context of Begin ends at once, as
// that of the engine does.
func (f *fixture) openIn(ctx context.Context, key backend.Key, c backend.Claim) *opened {
	f.Helper()
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	rec, transaction, err := f.begin(bounded, key, c)
	if err != nil || transaction == nil {
		f.Fatalf("Begin: %s, transaction %t, %v, must win", describe(rec), transaction != nil, err)
	}
	f.same(rec, running(c))
	o := &opened{Transaction: transaction, f: f, key: key, claim: c, ctx: transaction.Context(ctx), text: newToken().String()}
	f.Cleanup(o.forget)
	return o
}

// forget ends the transaction of a test that has failed.
func (o *opened) forget() {
	if o.f.Failed() {
		defer func() { _ = recover() }() // it may have ended
		_ = o.Rollback(context.Background())
	}
}

// writing is open with a handler that has written its text.
func (f *fixture) writing(key backend.Key, c backend.Claim) *opened {
	f.Helper()
	o := f.open(key, c)
	o.write()
	return o
}

func (o *opened) write() {
	o.f.Helper()
	if err := o.f.Write(o.ctx, o.f.store, o.text); err != nil {
		o.f.Fatalf("Write: %v", err)
	}
}

// wrote requires that the text of the handler is committed, or that it is not.
func (o *opened) wrote(want bool) {
	o.f.Helper()
	if got := o.f.Written(o.f, o.f.store, o.text); got != want {
		o.f.Fatalf("what the handler wrote is committed: %t, want %t", got, want)
	}
}

func (o *opened) commit(outcome backend.Outcome) {
	o.f.Helper()
	o.f.ok(o.Commit(o.f.Context(), outcome))
}

func (o *opened) rollBack() {
	o.f.Helper()
	o.f.ok(o.Rollback(o.f.Context()))
}

// finds requires that Begin returns the record and no transaction.
func (f *fixture) finds(key backend.Key, c backend.Claim, want backend.Record) backend.Record {
	f.Helper()
	rec, transaction, err := f.begin(f.Context(), key, c)
	if err != nil || transaction != nil {
		f.Fatalf("Begin: %s, transaction %t, %v, want a record alone", describe(rec), transaction != nil, err)
	}
	f.same(rec, want)
	return rec
}

// locked requires that a transaction holds the key, for a claim that would win if it
// did not.
func (f *fixture) locked(key backend.Key, c backend.Claim) {
	f.Helper()
	start := time.Now()
	ctx, cancel := context.WithTimeout(f.Context(), patience)
	defer cancel()
	rec, transaction, err := f.begin(ctx, key, c)
	if !errors.Is(err, backend.ErrLocked) || transaction != nil || !equal(rec, backend.Record{}) {
		f.Fatalf("Begin: %s, transaction %t, %v, want ErrLocked", describe(rec), transaction != nil, err)
	}
	if past := time.Since(start); past > patience/2 {
		f.Fatalf("Begin took %v, must not wait", past)
	}
}

// free waits until no transaction holds the key, and requires that it is absent.
func (f *fixture) free(key backend.Key) {
	f.Helper()
	f.unlocked(key, newClaim(), func(rec backend.Record, transaction backend.Transaction) {
		if transaction == nil {
			f.Fatalf("Begin lost to %s, must win", describe(rec))
		}
		f.ok(transaction.Rollback(f.Context()))
	})
}

// unlocked begins until no transaction holds the key.
func (f *fixture) unlocked(key backend.Key, c backend.Claim, found func(backend.Record, backend.Transaction)) {
	f.Helper()
	f.eventually("the transaction to end", func() bool {
		rec, transaction, err := f.begin(f.Context(), key, c)
		if errors.Is(err, backend.ErrLocked) {
			return false
		}
		f.ok(err)
		found(rec, transaction)
		return true
	})
}

// end commits. A database may roll back instead: it could not serialize transactions.
func (o *opened) end(outcome backend.Outcome) {
	o.f.Helper()
	err := o.Commit(o.f.Context(), outcome)
	if err != nil && !errors.Is(err, backend.ErrNotCommitted) {
		o.f.Fatalf("Commit: %v", err)
	}
	o.consistent(outcome, err)
}

// consistent requires that what the handler wrote and its outcome are both committed,
// or neither, and that this agrees with the error of Commit.
func (o *opened) consistent(outcome backend.Outcome, err error) {
	o.f.Helper()
	done := false
	o.f.unlocked(o.key, newClaim(), func(rec backend.Record, transaction backend.Transaction) {
		if done = transaction == nil; done {
			o.f.same(rec, finished(o.claim, outcome))
		} else {
			o.f.ok(transaction.Rollback(o.f.Context()))
		}
	})
	o.wrote(done)
	if err == nil && !done || errors.Is(err, backend.ErrNotCommitted) && done {
		o.f.Fatalf("Commit returned %s, and committed is %t", fmt.Sprint(err), done)
	}
}
