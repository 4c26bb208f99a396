package backendtest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/oncewire/idempotency/backend"
)

// Op names a method of a store.
type Op string

// The methods that a fault can strike.
const (
	OpClaim    Op = "Claim"
	OpExtend   Op = "Extend"
	OpComplete Op = "Complete"
	OpRelease  Op = "Release"
	OpWait     Op = "Wait"
)

// Fault is what befalls one call. The zero Fault is none.
type Fault struct {
	// Delay holds the call up before it reaches the store. If the context
	// ends first the call returns the context's error, and is not applied.
	Delay time.Duration
	// Hang holds the call up until the context ends.
	Hang bool
	// Err is returned in place of the store's answer; nil for the store's
	// own. Alone, it means that the call is not applied.
	Err error
	// Applied, with Err, has the store apply the call: the reply is lost.
	Applied bool
}

// Faulty is a store that fails on demand. It is safe for concurrent use.
//
// It is no [backend.Waiter], even if the store it stands on is; see
// [FaultyWaiter].
type Faulty struct {
	store backend.Store
	hook  atomic.Pointer[func(Op) Fault]
}

// NewFaulty returns a store that passes every call on to store, as long as
// hook wants no fault. The hook is asked once for every call, by the goroutine
// that makes it. A nil hook wants none.
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
	err = f.strike(ctx, OpClaim, func() error {
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
	return f.strike(ctx, OpExtend, func() error {
		return f.store.Extend(ctx, key, token, lease, retention)
	})
}

// Complete implements [backend.Store].
func (f *Faulty) Complete(ctx context.Context, key backend.Key, token backend.Token, outcome backend.Outcome) error {
	return f.strike(ctx, OpComplete, func() error {
		return f.store.Complete(ctx, key, token, outcome)
	})
}

// Release implements [backend.Store].
func (f *Faulty) Release(ctx context.Context, key backend.Key, token backend.Token) error {
	return f.strike(ctx, OpRelease, func() error {
		return f.store.Release(ctx, key, token)
	})
}

// strike makes the call under whatever fault the hook wants for it.
func (f *Faulty) strike(ctx context.Context, op Op, call func() error) error {
	fault := (*f.hook.Load())(op)
	if err := fault.hold(ctx); err != nil {
		return err
	}
	if fault.Err == nil {
		return call()
	}
	if fault.Applied {
		_ = call() // Its reply is what gets lost.
	}
	return fault.Err
}

// hold holds a call up, and returns an error if its context ends meanwhile.
func (fault Fault) hold(ctx context.Context) error {
	if fault.Hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if fault.Delay <= 0 {
		return nil
	}
	delay := time.NewTimer(fault.Delay)
	defer delay.Stop()
	select {
	case <-delay.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
