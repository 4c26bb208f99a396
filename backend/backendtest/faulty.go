package backendtest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/fault"
)

// Op names a method of a store.
type Op string

// The methods that a fault can affect.
const (
	OpClaim    Op = "Claim"
	OpExtend   Op = "Extend"
	OpComplete Op = "Complete"
	OpRelease  Op = "Release"
	OpWait     Op = "Wait"
)

// Fault is the fault of one call. The zero Fault is none.
type Fault struct {
	// Delay delays the call before it reaches the store. If the context ends
	// first, the call returns the context's error and is not applied.
	Delay time.Duration
	// Hang delays the call until the context ends.
	Hang bool
	// Err is returned instead of the store's result; nil for the store's own
	// result. Unless Applied is set, the call is not applied.
	Err error
	// Applied, with Err, means that the store applies the call and only its
	// reply is lost.
	Applied bool
}

// Faulty is a store that fails on demand. It is safe for concurrent use.
//
// It is not a [backend.Waiter], even if the wrapped store is one; see
// [FaultyWaiter].
type Faulty struct {
	store backend.Store
	hook  atomic.Pointer[func(Op) Fault]
}

// NewFaulty returns a store that passes every call to store, with the fault that
// hook returns. The hook runs once for every call, in the goroutine of the call. A
// nil hook means no faults.
func NewFaulty(store backend.Store, hook func(Op) Fault) *Faulty {
	f := &Faulty{store: store}
	f.Set(hook)
	return f
}

// Set replaces the hook, for calls that start from now on.
func (f *Faulty) Set(hook func(Op) Fault) {
	if hook == nil {
		hook = func(Op) Fault { return Fault{} }
	}
	f.hook.Store(&hook)
}

// Claim implements [backend.Store].
func (f *Faulty) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (rec backend.Record, err error) {
	err = f.withFault(ctx, OpClaim, func() error {
		rec, err = f.store.Claim(ctx, key, claim)
		return err
	})
	if err != nil {
		return backend.Record{}, err
	}
	return rec, nil
}

// Extend implements [backend.Store].
func (f *Faulty) Extend(ctx context.Context, key backend.Key, token backend.Token, lease, retention time.Duration) error {
	return f.withFault(ctx, OpExtend, func() error {
		return f.store.Extend(ctx, key, token, lease, retention)
	})
}

// Complete implements [backend.Store].
func (f *Faulty) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	return f.withFault(ctx, OpComplete, func() error {
		return f.store.Complete(ctx, key, token, outcome)
	})
}

// Release implements [backend.Store].
func (f *Faulty) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	return f.withFault(ctx, OpRelease, func() error {
		return f.store.Release(ctx, key, token)
	})
}

// withFault makes the call with the fault that the hook returns.
func (f *Faulty) withFault(ctx context.Context, op Op, call func() error) error {
	of := (*f.hook.Load())(op)
	return fault.Fault{Delay: of.Delay, Hang: of.Hang, Err: of.Err, Applied: of.Applied}.Call(ctx, call)
}
