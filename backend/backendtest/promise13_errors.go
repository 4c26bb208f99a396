package backendtest

import (
	"context"
	"errors"
	"time"
)

var promise13 = group{"Promise13Errors", []test{
	{"ContextCanceled", canceledContext},
	{"DeadlineExceeded", expiredContext},
	{"ClaimAgain", claimAfterError},
	{"ExtendAgain", extendAfterError},
	{"CompleteAgain", completeAfterError},
	{"ReleaseAgain", releaseAfterError},
}}

// canceled returns a context that has ended.
func (f *fixture) canceled() context.Context {
	ctx, cancel := context.WithCancel(f.Context())
	cancel()
	return ctx
}

func canceledContext(f *fixture) { f.failsWith(f.canceled(), context.Canceled) }

func expiredContext(f *fixture) {
	ctx, cancel := context.WithDeadline(f.Context(), time.Now().Add(-time.Second))
	defer cancel()
	f.failsWith(ctx, context.DeadlineExceeded)
}

// failsWith requires that every method returns the error of its context.
func (f *fixture) failsWith(ctx context.Context, want error) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	_, err := f.store.Claim(ctx, key, c)
	for method, err := range map[string]error{
		"Claim":    err,
		"Extend":   f.store.Extend(ctx, key, c.Token, long, long),
		"Complete": f.store.Complete(ctx, key, c.Token, outcome("an outcome")),
		"Release":  f.store.Release(ctx, key, c.Token),
	} {
		if !errors.Is(err, want) {
			f.Errorf("%s: got error %v, want one that wraps %v", method, err, want)
		}
	}
}

// failed requires an error.
func (f *fixture) failed(err error) {
	f.Helper()
	if err == nil {
		f.Fatal("no error from a call whose context has ended")
	}
}

// claimAfterError: the claim wins, whether or not the first one was applied.
func claimAfterError(f *fixture) {
	key, c := newKey(), newClaim()
	_, err := f.store.Claim(f.canceled(), key, c)
	f.failed(err)
	f.win(key, c)
	f.alive(key, c)
}

func extendAfterError(f *fixture) {
	key, c := newKey(), newClaim()
	f.expire(key, c)
	f.failed(f.store.Extend(f.canceled(), key, c.Token, long, long))
	f.ok(f.extend(key, c.Token, long, long))
	f.alive(key, c)
}

func completeAfterError(f *fixture) {
	key, c, o := newKey(), newClaim(), outcome("an outcome")
	f.win(key, c)
	f.failed(f.store.Complete(f.canceled(), key, c.Token, o))
	f.ok(f.complete(key, c.Token, o))
	f.holds(key, finished(c, o))
}

func releaseAfterError(f *fixture) {
	key, c := newKey(), newClaim()
	f.win(key, c)
	f.failed(f.store.Release(f.canceled(), key, c.Token))
	f.ok(f.release(key, c.Token))
	f.absent(key)
}
