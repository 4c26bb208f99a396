package idempotency_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/backendtest"
)

// exploding is an observer that panics at one kind of event.
type exploding idempotency.EventKind

func (e exploding) Observe(_ context.Context, event idempotency.Event) {
	if event.Kind == idempotency.EventKind(e) {
		panic("observer")
	}
}

// TestPanickingObserverBlocksNoKey: the claim has been finished by then.
func TestPanickingObserverBlocksNoKey(t *testing.T) {
	for kind, want := range map[idempotency.EventKind]string{
		idempotency.EventClaimed:  leavesNone, // the handler did not start
		idempotency.EventRan:      leavesRecord,
		idempotency.EventRecorded: leavesRecord,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := openStore(t)
				engine := newEngine(t, store, idempotency.WithObserver(exploding(kind)))
				func() {
					defer func() { equal(t, "panic", recover(), any("observer")) }()
					_, _ = run(t.Context(), engine, payment("k"), recording("paid").run)
				}()
				equal(t, "leaves", left(t, newEngine(t, store)), want)
			})
		})
	}
}

// TestPanickingObserverOfAFailedClaimLeavesNoClaim behind.
func TestPanickingObserverOfAFailedClaimLeavesNoClaim(t *testing.T) {
	for _, options := range [][]idempotency.Option{nil, {idempotency.WithFailOpen()}} {
		synctest.Test(t, func(t *testing.T) {
			inner := openStore(t)
			store := newShaky(inner).on(backendtest.OpClaim, first(1, lost))
			engine := newEngine(t, store, append(options, idempotency.WithObserver(exploding(idempotency.EventStoreError)))...)
			func() {
				defer func() { equal(t, "panic", recover(), any("observer")) }()
				_, _ = run(t.Context(), engine, payment("k"), recording("paid").run)
			}()
			time.Sleep(time.Second)
			equal(t, "records left", inner.Len(), 0)
		})
	}
}

// TestPanickingObserverInTheBackground ends no process: it is logged.
func TestPanickingObserverInTheBackground(t *testing.T) {
	standard := slog.Default()
	defer slog.SetDefault(standard)
	for name, test := range map[string]struct {
		kind   idempotency.EventKind
		op     backendtest.Op
		faults plan
	}{
		"heartbeat": {idempotency.EventLeaseLost, backendtest.OpExtend, every(down)},
		"recording": {idempotency.EventRecorded, backendtest.OpComplete, first(1, down)},
		"given up":  {idempotency.EventFinishDropped, backendtest.OpComplete, every(down)},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
			synctest.Test(t, func(t *testing.T) {
				seen := &events{}
				store := newShaky(openStore(t)).on(test.op, test.faults)
				engine := newEngine(t, store, idempotency.WithObserver(seen), idempotency.WithObserver(exploding(test.kind)))
				running := hold(t, engine, payment("k"))
				time.Sleep(2 * lease)
				running.end(recording("paid").answer)
				time.Sleep(2 * time.Minute)
				equal(t, "told", len(seen.of(test.kind)) > 0, true)
			})
			if !strings.Contains(log.String(), "an observer panicked") {
				t.Errorf("the log does not tell: %s", log.String())
			}
		})
	}
}
