package idempotency

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var errEnded = errors.New("ended")

// twins are a lazy context and what the standard library makes of the same.
type twins struct {
	lazy      *lazyContext
	std       context.Context
	cancel    context.CancelCauseFunc
	stop      context.CancelFunc
	hangUp    context.CancelCauseFunc // of the base of both
	closeBase context.CancelFunc
}

type baseValue struct{}

// newTwins makes both contexts on a base with a timeout, and with a timeout of
// their own; zero for none.
func newTwins(t *testing.T, base, own time.Duration) *twins {
	t.Helper()

	var w twins
	root, hangUp := context.WithCancelCause(context.WithValue(t.Context(), baseValue{}, "base"))
	w.hangUp, w.closeBase = hangUp, func() {}
	if base > 0 {
		root, w.closeBase = context.WithTimeout(root, base)
	}
	w.lazy = &lazyContext{base: root}
	w.std, w.cancel = context.WithCancelCause(root)
	w.stop = func() {}
	if own > 0 {
		w.lazy.deadline = time.Now().Add(own)
		w.std, w.stop = context.WithDeadline(w.std, w.lazy.deadline)
	}
	return &w
}

func (w *twins) end(cause error) { w.lazy.cancel(cause); w.cancel(cause) }

func (w *twins) free() { w.lazy.free(); w.cancel(nil); w.stop() }

// alike compares everything a holder of a context can see.
func (w *twins) alike(t *testing.T, when string) {
	t.Helper()
	look := func(ctx context.Context) (seen [6]any) {
		seen[0] = ctx.Err()
		seen[1] = context.Cause(ctx)
		deadline, ok := ctx.Deadline()
		seen[2], seen[3] = deadline, ok
		seen[4] = ctx.Value(baseValue{})
		seen[5] = ctx.Value("unknown")
		return seen
	}
	if lazy, std := look(w.lazy), look(w.std); lazy != std {
		t.Errorf("%s: got %v, want %v", when, lazy, std)
	}
}

func done(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// TestLazyContextIsAContext goes through every way in which a context ends,
// with the lazy one built by then or not.
func TestLazyContextIsAContext(t *testing.T) {
	sleep := func(d time.Duration) func(*twins) { return func(*twins) { time.Sleep(d); synctest.Wait() } }
	tests := []struct {
		name      string
		base, own time.Duration
		steps     []func(*twins)
	}{
		{name: "nothing happens"},
		{name: "base cancelled", steps: []func(*twins){func(w *twins) { w.hangUp(nil) }}},
		{name: "base cancelled for a cause", steps: []func(*twins){func(w *twins) { w.hangUp(errEnded) }}},
		{name: "base deadline", base: time.Second, steps: []func(*twins){sleep(time.Second - 1), sleep(1), sleep(time.Hour)}},
		{name: "own deadline", own: time.Second, steps: []func(*twins){sleep(time.Second - 1), sleep(1), sleep(time.Hour)}},
		{name: "own deadline first", own: time.Second, base: time.Minute, steps: []func(*twins){sleep(time.Second), sleep(time.Minute)}},
		{name: "base deadline first", own: time.Minute, base: time.Second, steps: []func(*twins){sleep(time.Second), sleep(time.Minute)}},
		{name: "own deadline, then the base is cancelled", own: time.Second, steps: []func(*twins){
			sleep(time.Second), func(w *twins) { w.hangUp(errEnded) },
		}},
		{name: "ended", steps: []func(*twins){func(w *twins) { w.end(errEnded) }}},
		{name: "ended twice", steps: []func(*twins){func(w *twins) { w.end(errEnded) }, func(w *twins) { w.end(errors.ErrUnsupported) }}},
		{name: "ended, then the base is cancelled", steps: []func(*twins){
			func(w *twins) { w.end(errEnded) }, func(w *twins) { w.hangUp(errors.ErrUnsupported) },
		}},
		{name: "base cancelled, then ended", steps: []func(*twins){
			func(w *twins) { w.hangUp(errors.ErrUnsupported) }, func(w *twins) { w.end(errEnded) },
		}},
		{name: "ended before its deadline", own: time.Second, steps: []func(*twins){func(w *twins) { w.end(errEnded) }, sleep(time.Hour)}},
		{name: "ended after its deadline", own: time.Second, steps: []func(*twins){sleep(time.Hour), func(w *twins) { w.end(errEnded) }}},
		{name: "freed", steps: []func(*twins){(*twins).free}},
		{name: "freed, with a deadline", own: time.Second, steps: []func(*twins){(*twins).free, sleep(time.Hour)}},
		{name: "freed after its deadline", own: time.Second, steps: []func(*twins){sleep(time.Hour), (*twins).free}},
		{name: "freed, then the base is cancelled", steps: []func(*twins){(*twins).free, func(w *twins) { w.hangUp(errEnded) }}},
		{name: "ended, then freed", steps: []func(*twins){func(w *twins) { w.end(errEnded) }, (*twins).free}},
		{name: "freed twice", steps: []func(*twins){(*twins).free, (*twins).free}},
	}
	for _, test := range tests {
		for _, built := range []bool{false, true} {
			name := test.name
			if built {
				name += ", built"
			}
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newTwins(t, test.base, test.own)
					defer w.closeBase()
					defer w.hangUp(nil)
					defer w.free()
					if built && done(w.lazy) {
						t.Error("born done")
					}
					w.alike(t, "at first")
					for _, step := range test.steps {
						step(w)
						w.alike(t, "after a step")
					}
					if lazy, std := done(w.lazy), done(w.std); lazy != std {
						t.Errorf("done: got %v, want %v", lazy, std)
					}
					w.alike(t, "when asked for Done")
				})
			})
		}
	}
}

// TestLazyContextHasChildren of the standard library's, which end with it.
func TestLazyContextHasChildren(t *testing.T) {
	for _, early := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newTwins(t, 0, time.Hour)
			defer w.hangUp(nil)
			if !early {
				w.end(errEnded)
			}
			for _, parent := range []context.Context{w.lazy, w.std} {
				child, cancel := context.WithTimeout(parent, time.Minute)
				defer cancel()
				var once sync.WaitGroup
				once.Add(1)
				stop := context.AfterFunc(child, once.Done)
				w.end(errEnded)
				once.Wait()
				if stop() || !done(child) || !errors.Is(context.Cause(child), errEnded) {
					t.Errorf("child of %T: %v, cause %v", parent, child.Err(), context.Cause(child))
				}
			}
		})
	}
}

// TestLazyContextsChildCostsNoGoroutine: the standard library knows the
// context that was built as one of its own.
func TestLazyContextsChildCostsNoGoroutine(t *testing.T) {
	w := newTwins(t, 0, time.Hour)
	defer w.hangUp(nil)
	defer w.free()
	before := runtime.NumGoroutine()
	for range 100 {
		_, cancel := context.WithTimeout(context.WithValue(w.lazy, baseValue{}, "child"), time.Hour)
		defer cancel()
	}
	if now := runtime.NumGoroutine(); now > before {
		t.Errorf("%d goroutines, %d before", now, before)
	}
}

// TestLazyContextBuildsNothingUnasked counts what Err, Value and Deadline cost.
func TestLazyContextBuildsNothingUnasked(t *testing.T) {
	lazy := &lazyContext{base: t.Context(), deadline: time.Now().Add(time.Hour)}
	allocs := testing.AllocsPerRun(100, func() {
		_ = lazy.Err()
		_ = context.Cause(lazy)
		_, _ = lazy.Deadline()
	})
	if allocs != 0 || lazy.inner != nil {
		t.Errorf("%v allocations, built: %v", allocs, lazy.inner != nil)
	}
}

// TestLazyContextIsSafe is for the race detector.
func TestLazyContextIsSafe(t *testing.T) {
	for range 50 {
		w := newTwins(t, 0, time.Hour)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { <-w.lazy.Done() })
			all.Go(func() { _ = w.lazy.Err() })
			all.Go(func() { _ = w.lazy.Value(baseValue{}) })
			all.Go(func() { _ = context.Cause(w.lazy) })
			all.Go(func() { _, _ = w.lazy.Deadline() })
			all.Go(func() {
				ctx, cancel := context.WithCancel(w.lazy)
				defer cancel()
				<-ctx.Done()
			})
			all.Go(func() { w.lazy.cancel(errEnded) })
			all.Go(w.lazy.free)
		}
		all.Wait()
		if !done(w.lazy) || w.lazy.Err() == nil {
			t.Fatal("not ended")
		}
		w.hangUp(nil)
	}
}
