package idempotency_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
)

const rawKey = "order-4711-of-jane-doe"

// incident is a possible course of a call, and the events that an observer gets.
type incident struct {
	name    string
	options []idempotency.Option
	happens func(t *testing.T, store *shaky, engine *idempotency.Engine)
	told    []string
}

// incidents come upon an engine that retries few finishes.
var incidents = []incident{
	{name: "recorded and replayed", told: []string{"claimed", "ran", "recorded", "replayed"}, happens: func(t *testing.T, _ *shaky, engine *idempotency.Engine) {
		t.Helper()

		starts(t, engine, payment(rawKey), recording("paid"), 1)
		replays(t, engine, payment(rawKey), "paid")
	}},
	{name: "released", told: []string{"claimed", "ran", "released"}, happens: func(t *testing.T, _ *shaky, engine *idempotency.Engine) {
		t.Helper()

		starts(t, engine, payment(rawKey), releasing(), 1)
	}},
	{name: "abandoned and taken over", told: []string{"claimed", "ran", "abandoned", "taken_over", "ran", "recorded"}, happens: func(t *testing.T, _ *shaky, engine *idempotency.Engine) {
		t.Helper()

		starts(t, engine, payment(rawKey), abandoning(), 1)
		starts(t, engine, payment(rawKey), recording("paid"), 2)
	}},
	{name: "panic", told: []string{"claimed", "ran", "abandoned"}, happens: func(t *testing.T, _ *shaky, engine *idempotency.Engine) {
		t.Helper()

		panics(t, engine, payment(rawKey), "boom")
	}},
	{name: "refused", told: []string{"claimed", "ran", "recorded", "refused"}, happens: func(t *testing.T, _ *shaky, engine *idempotency.Engine) {
		t.Helper()

		starts(t, engine, payload(rawKey, "one"), recording("paid"), 1)
		refused(t, engine, payload(rawKey, "two"), idempotency.ErrKeyReused)
	}},
	{name: "malformed", told: []string{"refused"}, happens: func(t *testing.T, _ *shaky, engine *idempotency.Engine) {
		t.Helper()

		_, err := engine.Operation(operation, idempotency.Policy{}).ParseKey(t.Context(), []string{rawKey + " " + rawKey})
		want(t, err, idempotency.ErrKeyInvalid)
	}},
	{name: "store error", told: []string{"store_error", "refused"}, happens: func(t *testing.T, store *shaky, engine *idempotency.Engine) {
		t.Helper()

		store.on(backendtest.OpClaim, every(down))
		refused(t, engine, payment(rawKey), idempotency.ErrStore)
	}},
	{
		name: "failed open", told: []string{"store_error", "failed_open"}, options: []idempotency.Option{idempotency.WithFailOpen()},
		happens: func(t *testing.T, store *shaky, engine *idempotency.Engine) {
			t.Helper()

			store.on(backendtest.OpClaim, every(down))
			starts(t, engine, payment(rawKey), recording("unprotected"), 0)
		},
	},
	{name: "lease lost while running", told: []string{"claimed", "lease_lost", "ran"}, happens: func(t *testing.T, store *shaky, engine *idempotency.Engine) {
		t.Helper()

		store.on(backendtest.OpExtend, every(backendtest.Fault{Err: backend.ErrClaimLost}))
		var cause error
		_, err := run(t.Context(), engine, payment(rawKey), untilCancelled(&cause))
		ok(t, err)
	}},
	{name: "lease lost when done", told: []string{"claimed", "ran", "lease_lost"}, happens: func(t *testing.T, store *shaky, engine *idempotency.Engine) {
		t.Helper()

		store.on(backendtest.OpComplete, every(backendtest.Fault{Err: backend.ErrClaimLost}))
		starts(t, engine, payment(rawKey), recording("paid"), 1)
	}},
	{name: "recording failed and dropped", told: []string{"claimed", "ran", "finish_failed", "finish_dropped"}, happens: func(t *testing.T, store *shaky, engine *idempotency.Engine) {
		t.Helper()

		store.on(backendtest.OpComplete, every(down))
		starts(t, engine, payment(rawKey), recording("paid"), 1)
		time.Sleep(time.Minute)
	}},
	{name: "recorded later", told: []string{"claimed", "ran", "finish_failed", "recorded"}, happens: func(t *testing.T, store *shaky, engine *idempotency.Engine) {
		t.Helper()

		store.on(backendtest.OpComplete, first(2, down))
		starts(t, engine, payment(rawKey), recording("paid"), 1)
		time.Sleep(time.Minute)
	}},
	{name: "no key", told: nil, happens: func(t *testing.T, _ *shaky, engine *idempotency.Engine) {
		t.Helper()

		_, err := run(t.Context(), engine, payment(""), recording("paid").run)
		ok(t, err)
	}},
}

// unfold runs an incident, and returns the events that an observer got and
// what was logged.
func unfold(t *testing.T, i incident) ([]idempotency.Event, string) {
	t.Helper()

	var seen events
	var written bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&written, &slog.HandlerOptions{Level: slog.LevelDebug}))
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t))
		engine := newEngine(t, store, append(i.options, idempotency.WithScope(func(context.Context) (string, error) {
			return "tenant-acme", nil
		}), idempotency.WithLimits(idempotency.Limits{Retries: 4, RetryWindow: 30 * time.Second}), idempotency.WithObserver(&seen), idempotency.WithLogger(logger))...)
		i.happens(t, store, engine)
	})
	return seen.list(), written.String()
}

func TestObserverIsToldEachKind(t *testing.T) {
	kinds := map[string]bool{}
	for _, i := range incidents {
		t.Run(i.name, func(t *testing.T) {
			told, _ := unfold(t, i)
			var names []string
			for _, event := range told {
				names = append(names, event.Kind.String())
				kinds[event.Kind.String()] = true
				equal(t, "operation", event.Operation, operation)
				equal(t, "has an address", event.Key != backend.Key{}, i.name != "malformed")
				equal(t, "has a reason", event.Reason != "", event.Kind == idempotency.EventRefused)
			}
			if !slices.Equal(names, i.told) {
				t.Errorf("told %v, want %v", names, i.told)
			}
		})
	}
	equal(t, "kinds told", len(kinds), int(idempotency.EventFinishDropped))
}

func TestNoObserverGetsTheRawKey(t *testing.T) {
	for _, i := range incidents {
		t.Run(i.name, func(t *testing.T) {
			told, log := unfold(t, i)
			for _, secret := range []string{rawKey, "jane", "tenant-acme"} {
				if text := fmt.Sprintf("%+v", told); strings.Contains(text, secret) {
					t.Errorf("an observer reads %q in %s", secret, text)
				}
				if strings.Contains(log, secret) {
					t.Errorf("the log has %q in %s", secret, log)
				}
			}
		})
	}
}

func TestLogHoldsWhatAnOperatorShouldKnow(t *testing.T) {
	levels := map[string]string{
		"taken_over": "INFO", "failed_open": "WARN", "store_error": "ERROR",
		"lease_lost": "WARN", "finish_failed": "WARN", "finish_dropped": "ERROR",
	}
	for _, i := range incidents {
		t.Run(i.name, func(t *testing.T) {
			told, log := unfold(t, i)
			var lines []string
			for _, event := range told {
				level := levels[event.Kind.String()]
				if level == "" {
					continue
				}
				lines = append(lines, event.Kind.String())
				digest := event.Key.String()[:12]
				for _, part := range []string{`"level":"` + level, `"event":"` + event.Kind.String(), `"operation":"` + operation, `"key":"` + digest + `"`} {
					if !strings.Contains(log, part) {
						t.Errorf("%s is not in the log: %s", part, log)
					}
				}
			}
			equal(t, "lines", strings.Count(log, "\n"), len(lines))
		})
	}
}

func TestEventsOfATakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &events{}
		store := newShaky(openStore(t))
		engine := newEngine(t, store, idempotency.WithObserver(seen))
		starts(t, engine, payment("k"), abandoning(), 1)
		store.on(backendtest.OpComplete, every(backendtest.Fault{Delay: 2 * time.Second}))
		starts(t, engine, payment("k"), recording("paid"), 2)
		replays(t, engine, payment("k"), "paid")
		want := []idempotency.Event{
			{Kind: idempotency.EventClaimed, Attempt: 1},
			{Kind: idempotency.EventRan, Attempt: 1},
			{Kind: idempotency.EventAbandoned, Attempt: 1},
			{Kind: idempotency.EventTakenOver, Attempt: 2},
			{Kind: idempotency.EventRan, Attempt: 2},
			{Kind: idempotency.EventRecorded, Attempt: 2, Took: 2 * time.Second},
			{Kind: idempotency.EventReplayed, Attempt: 2},
		}
		for i, event := range seen.list() {
			want[i].Operation, want[i].Key = operation, seen.list()[0].Key
			equal(t, "event", event, want[i])
		}
	})
}

func TestRefusalTellsWhichRecordItMet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &events{}
		engine := newEngine(t, openStore(t), idempotency.WithObserver(seen))
		starts(t, engine, payload("k", "one"), recording("paid"), 1)
		refused(t, engine, payload("k", "two"), idempotency.ErrKeyReused)
		claimed, refusal := seen.of(idempotency.EventClaimed)[0], seen.of(idempotency.EventRefused)[0]
		equal(t, "key", refusal.Key, claimed.Key)
		equal(t, "attempt", refusal.Attempt, 1)
		equal(t, "reason", refusal.Reason, idempotency.ReasonKeyReused)
	})
}

func TestEveryObserverIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := &events{}, &events{}
		engine := newEngine(t, openStore(t), idempotency.WithObserver(one), idempotency.WithObserver(two))
		starts(t, engine, payment("k"), recording("paid"), 1)
		if !slices.Equal(one.kinds(), []string{"claimed", "ran", "recorded"}) || !slices.Equal(one.kinds(), two.kinds()) {
			t.Errorf("told %v and %v", one.kinds(), two.kinds())
		}
	})
}

func TestKindsHaveNames(t *testing.T) {
	names := map[string]bool{}
	for kind := idempotency.EventClaimed; kind <= idempotency.EventUnscoped; kind++ {
		names[kind.String()] = true
	}
	equal(t, "names", len(names), int(idempotency.EventUnscoped))
	equal(t, "has a nameless one", names[""], false)
	for _, kind := range []idempotency.EventKind{0, idempotency.EventUnscoped + 1, 255} {
		equal(t, "name of no kind", kind.String(), "")
	}
}
