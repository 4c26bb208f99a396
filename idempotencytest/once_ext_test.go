package idempotencytest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/idempotencytest"
)

// doPay returns a call that pays once for its key, by an engine.
func doPay(engine *idempotency.Engine, l *ledger) func(context.Context, string) (string, error) {
	return func(ctx context.Context, key string) (string, error) {
		result, err := engine.Do(ctx, "pay", idempotency.Call{Key: key}, func(context.Context) ([]byte, error) {
			return fmt.Append(nil, l.pay("5")), nil
		})
		return string(result.Outcome), err
	}
}

func TestAssertOnceHoldsForAGuardedFunction(t *testing.T) {
	l := &ledger{}
	engine := newEngine(t, idempotencytest.NewStore(t))
	holds(t, func(tb testing.TB) {
		if answer := idempotencytest.AssertOnce(tb, l.Len, doPay(engine, l)); answer != "1" {
			t.Errorf("got %q, want the answer of the payment", answer)
		}
	})
}

func TestAssertOnceFailsForAServiceThatIsNotIdempotent(t *testing.T) {
	l := &ledger{}
	failsWith(t, "8 calls with one key, at once, had 8 effects, want 1; the first answer is ", func(tb testing.TB) {
		idempotencytest.AssertOnce(tb, l.Len, func(context.Context, string) (int, error) { return l.pay("5"), nil })
	})
}

// TestAssertOnceFailsForACheckBeforeTheAct: a service that looks whether it knows
// the key, and notes it only after its effect.
func TestAssertOnceFailsForACheckBeforeTheAct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, seen := &ledger{}, make(chan map[string]int, 1)
		seen <- map[string]int{}
		call := func(_ context.Context, key string) (int, error) {
			known := <-seen
			n, ok := known[key]
			seen <- known
			if ok {
				return n, nil
			}
			time.Sleep(time.Second) // the other calls look too
			n = l.pay("5")
			known = <-seen
			known[key] = n
			seen <- known
			return n, nil
		}
		failsWith(t, "at once, had 8 effects", func(tb testing.TB) { idempotencytest.AssertOnce(tb, l.Len, call) })
		holds(t, func(tb testing.TB) {
			idempotencytest.AssertOnce(tb, l.Len, call, idempotencytest.WithConcurrent(1))
		})
	})
}

func TestAssertOnceFailsForASecondEffectLater(t *testing.T) {
	l, calls := &ledger{}, 0
	failsWith(t, "4 calls with one key, at once and one after another, had 2 effects", func(tb testing.TB) {
		idempotencytest.AssertOnce(tb, l.Len, func(context.Context, string) (int, error) {
			if calls++; calls == 1 || calls == 4 {
				l.pay("5")
			}
			return 1, nil
		}, idempotencytest.WithConcurrent(1))
	})
}

func TestAssertOnceFailsWithoutEffect(t *testing.T) {
	l := &ledger{}
	failsWith(t, `had 0 effects, want 1; the first answer is the error "not allowed"`, func(tb testing.TB) {
		idempotencytest.AssertOnce(tb, l.Len, func(context.Context, string) (int, error) {
			return 0, errors.New("not allowed")
		})
	})
}

func TestAssertOnceFailsForOtherAnswers(t *testing.T) {
	for name, second := range map[string]func() (int, error){
		"call 2 got another answer than call 1: 8, want 7":                        func() (int, error) { return 8, nil },
		`call 2 got another answer than call 1: the error "already paid", want 7`: func() (int, error) { return 0, errors.New("already paid") },
	} {
		l, calls := &ledger{}, 0
		failsWith(t, name, func(tb testing.TB) {
			idempotencytest.AssertOnce(tb, l.Len, func(context.Context, string) (int, error) {
				if calls++; calls == 1 {
					l.pay("5")
					return 7, nil
				}
				return second()
			}, idempotencytest.WithConcurrent(1))
		})
	}
}

func TestAssertOnceFailsForOtherErrors(t *testing.T) {
	l, calls := &ledger{}, 0
	failsWith(t, `call 2 got another answer than call 1: the error "error 2", want the error "error 1"`, func(tb testing.TB) {
		idempotencytest.AssertOnce(tb, l.Len, func(context.Context, string) (int, error) {
			if calls++; calls == 1 {
				l.pay("5")
			}
			return 0, fmt.Errorf("error %d", calls)
		}, idempotencytest.WithConcurrent(1))
	})
}

func TestAssertOnceAcceptsTheSameErrorAsAnAnswer(t *testing.T) {
	l, calls := &ledger{}, 0
	holds(t, func(tb testing.TB) {
		idempotencytest.AssertOnce(tb, l.Len, func(context.Context, string) (int, error) {
			if calls++; calls == 1 {
				l.pay("5")
			}
			return 0, errors.New("card declined")
		}, idempotencytest.WithConcurrent(1))
	})
}

func TestAssertOnceFailsForACallThatEndsItsGoroutine(t *testing.T) {
	l := &ledger{}
	failsWith(t, `the first answer is the error "the call did not return"`, func(tb testing.TB) {
		idempotencytest.AssertOnce(tb, l.Len, func(context.Context, string) (int, error) {
			(&fakeTB{TB: t}).Fatalf("broken")
			return 0, nil
		})
	})
}

func TestAssertOnceSendsOneKeyInContextAndArgument(t *testing.T) {
	for _, options := range [][]idempotencytest.Option{nil, {idempotencytest.WithKey("order-17")}} {
		l, keys := &ledger{}, map[string]int{}
		idempotencytest.AssertOnce(t, l.Len, func(ctx context.Context, key string) (int, error) {
			if keys[key]++; len(keys) == 1 && keys[key] == 1 {
				l.pay("5")
			}
			if _, ok := ctx.Deadline(); !ok {
				t.Error("the context has no deadline")
			}
			return 1, nil
		}, append(options, idempotencytest.WithConcurrent(1), idempotencytest.WithSequential(5))...)
		if len(keys) != 1 {
			t.Errorf("got keys %v, want one", keys)
		}
		if n := keys["order-17"]; options != nil && n != 6 {
			t.Errorf("%d calls with the key, want 6", n)
		}
	}
}

func TestAssertOnceRetriesWhatAClientRetries(t *testing.T) {
	for name, refusal := range map[string]error{
		"in progress":             idempotency.ErrInProgress,
		"store":                   fmt.Errorf("call: %w", idempotency.ErrStore),
		"in progress, of an RPC":  errors.New("rpc error: code = Aborted desc = " + idempotency.ErrInProgress.Detail()),
		"broken, by an option":    io.ErrUnexpectedEOF,
		"store failed, of an RPC": errors.New("unavailable: " + idempotency.ErrStore.Detail()),
	} {
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			l := &ledger{}
			holds(t, func(tb testing.TB) {
				idempotencytest.AssertOnce(tb, l.Len, func(context.Context, string) (int, error) {
					n := calls.Add(1)
					if n == 1 {
						l.pay("5")
					}
					if n < 100 {
						return 0, refusal
					}
					return 1, nil
				}, idempotencytest.WithRetry(func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }))
			})
			if calls.Load() < 100 {
				t.Errorf("%s: %d calls, want retries", name, calls.Load())
			}
		})
	}
}

func TestAssertOnceDoesNotRetryOtherErrors(t *testing.T) {
	for _, err := range []error{idempotency.ErrOutcomeUnknown, idempotency.ErrKeyReused, errors.New("rpc error: code = Aborted desc = conflict")} {
		calls, l := 0, &ledger{}
		idempotencytest.AssertOnce(t, l.Len, func(context.Context, string) (int, error) {
			if calls++; calls == 1 {
				l.pay("5")
			}
			return 0, err
		}, idempotencytest.WithConcurrent(1), idempotencytest.WithSequential(1))
		if calls != 2 {
			t.Errorf("%v: %d calls, want 2", err, calls)
		}
	}
}

func TestAssertOnceGivesUpAtTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, start := &ledger{}, time.Now()
		failsWith(t, "call 1 was still refused after", func(tb testing.TB) {
			idempotencytest.AssertOnce(tb, l.Len, func(context.Context, string) (int, error) {
				if l.Len() == 0 {
					l.pay("5")
				}
				return 0, idempotency.ErrInProgress
			}, idempotencytest.WithTimeout(time.Minute), idempotencytest.WithConcurrent(1))
		})
		if d := time.Since(start); d != time.Minute {
			t.Errorf("took %v, want the timeout", d)
		}
	})
}

func TestWithEqualComparesAnswers(t *testing.T) {
	call := func(l *ledger) func(context.Context, string) (*int, error) {
		return func(context.Context, string) (*int, error) {
			if l.Len() == 0 {
				l.pay("5")
			}
			n := 10 + l.Len()
			return &n, nil
		}
	}
	one := idempotencytest.WithConcurrent(1)
	for want, equal := range map[string]func(a, b *int) bool{
		"":                   func(a, b *int) bool { return *a == *b },
		"got another answer": func(a, b *int) bool { return a == b },
	} {
		l := &ledger{}
		failed := failure(t, func(tb testing.TB) {
			idempotencytest.AssertOnce(tb, l.Len, call(l), one, idempotencytest.WithEqual(equal))
		})
		if (failed == "") != (want == "") {
			t.Errorf("failed with %q, want %q", failed, want)
		}
	}
	l := &ledger{}
	holds(t, func(tb testing.TB) { // reflect.DeepEqual
		idempotencytest.AssertOnce(tb, l.Len, call(l), one, idempotencytest.WithEqual[*int](nil), idempotencytest.WithRetry(nil), nil)
	})
}
