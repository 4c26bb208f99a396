package idempotency_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/backendtest"
	"github.com/oncewire/idempotency/backend/memstore"
)

// ownTx is a transaction of a handler. Its steps have the results that the test sets.
type ownTx struct {
	store     backend.Store
	err       error          // of Complete and Mark
	extended  error          // of heartbeats
	committed backend.Record // as the engine finds it
	unknown   error          // in place of committed

	mu         sync.Mutex
	completed  backend.Outcome
	reference  []byte
	heartbeats int
	looks      int
}

func (tx *ownTx) Store() backend.Store { return tx.store }

func (tx *ownTx) Complete(_ context.Context, _ backend.Key, _ backend.Token, outcome backend.Outcome) error {
	tx.completed = outcome
	return tx.err
}

func (tx *ownTx) Mark(_ context.Context, _ backend.Key, _ backend.Token, reference []byte) error {
	tx.reference = reference
	return tx.err
}

func (tx *ownTx) Extend(context.Context, backend.Key, backend.Token, time.Duration, time.Duration) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.heartbeats++
	return tx.extended
}

func (tx *ownTx) Committed(context.Context, backend.Key, backend.Token) (backend.Record, error) {
	tx.looks++
	return tx.committed, tx.unknown
}

func (tx *ownTx) beats() int {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return tx.heartbeats
}

// joinedBy returns the claim of a handler.
func joinedBy(t *testing.T, ctx context.Context) backend.HandlerClaim { //nolint:revive // the test comes first
	t.Helper()
	claim, guarded := backend.HandlerClaimFromContext(ctx)
	if !guarded {
		t.Fatal("the handler has no claim")
	}
	return claim
}

func do(t *testing.T, engine *idempotency.Engine, run func(context.Context) ([]byte, error)) (idempotency.Result, error) {
	t.Helper()
	return engine.Do(t.Context(), operation, payment("k").Call, run)
}

// TestWhatATransactionCommittedDecides goes through what a handler can answer, and what
// its transaction can have come to.
func TestWhatATransactionCommittedDecides(t *testing.T) {
	failure := errors.New("failure")
	done := backend.Record{State: backend.Done, Outcome: []byte("committed")}
	running, marked := backend.Record{State: backend.Running}, backend.Record{State: backend.Marked}
	rebuild := func(context.Context, idempotency.Execution, []byte) (any, error) { return nil, failure }
	type step = backendtest.Op
	for name, c := range map[string]struct {
		mark      bool
		rebuilds  bool
		fails     error // of the step in the transaction
		committed backend.Record
		unknown   error
		answer    string
		err       error
		gets      string // "" for the error
		looks     int
		step      step // of the store; 0 for none
	}{
		"completed, the same answer":       {answer: "committed", gets: "committed"},
		"completed, another answer":        {committed: done, answer: "other", gets: "committed", looks: 1},
		"completed, an error":              {committed: done, err: failure, gets: "committed", looks: 1},
		"completed, no effect":             {committed: done, err: idempotency.NoEffect(failure), gets: "committed", looks: 1},
		"completed, not kept":              {committed: backend.Record{State: backend.NotKept}, answer: "other", gets: "other", looks: 1},
		"rolled back, an answer":           {committed: running, answer: "other", gets: "other", looks: 1, step: backendtest.OpComplete},
		"rolled back, an error":            {committed: running, err: failure, looks: 1, step: backendtest.OpExtend},
		"rolled back, no effect":           {committed: running, err: idempotency.NoEffect(failure), looks: 1, step: backendtest.OpRelease},
		"unknown, an answer":               {unknown: errDown, answer: "other", gets: "other", looks: 1, step: backendtest.OpComplete},
		"unknown, no effect":               {unknown: errDown, err: idempotency.NoEffect(failure), looks: 1, step: backendtest.OpRelease},
		"not completed, the same answer":   {fails: failure, committed: running, answer: "committed", gets: "committed", looks: 1, step: backendtest.OpComplete},
		"not completed, an error":          {fails: failure, err: failure, step: backendtest.OpExtend},
		"marked, an answer":                {mark: true, answer: "answer", gets: "answer", step: backendtest.OpComplete},
		"marked, an error":                 {mark: true, err: failure, step: backendtest.OpExtend},
		"marked, no effect":                {mark: true, committed: marked, err: idempotency.NoEffect(failure), looks: 1, step: backendtest.OpExtend},
		"mark rolled back, no effect":      {mark: true, committed: running, err: idempotency.NoEffect(failure), looks: 1, step: backendtest.OpRelease},
		"marked, to be rebuilt, an answer": {mark: true, rebuilds: true, answer: "answer", gets: "answer", step: backendtest.OpExtend},
		"marked, to be rebuilt, an error":  {mark: true, rebuilds: true, err: failure, step: backendtest.OpExtend},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newShaky(openStore(t))
				policy := idempotency.Policy{}
				if c.rebuilds {
					policy.Rebuild = rebuild
				}
				engine := newEngine(t, store, all(policy))
				tx := &ownTx{store: store, err: c.fails, committed: c.committed, unknown: c.unknown}
				result, err := do(t, engine, func(ctx context.Context) ([]byte, error) {
					claim := joinedBy(t, ctx)
					var joining error
					if c.mark {
						joining = claim.Mark(ctx, tx, []byte("reference"))
						equal(t, "reference", string(tx.reference), "reference")
					} else {
						joining = claim.Complete(ctx, tx, []byte("committed"))
						equal(t, "outcome", string(tx.completed.Bytes), "committed")
						equal(t, "retention", tx.completed.Retention, idempotency.DefaultRetention)
					}
					equal(t, "joining", joining, c.fails)
					return []byte(c.answer), c.err
				})
				if c.gets == "" {
					want(t, err, failure)
				} else if ok(t, err); string(result.Outcome) != c.gets {
					t.Errorf("got %q, want %q", result.Outcome, c.gets)
				}
				equal(t, "replaced", result.Replayed, c.gets == "committed" && c.answer != "committed")
				equal(t, "looks", tx.looks, c.looks)
				for _, op := range []step{backendtest.OpComplete, backendtest.OpExtend, backendtest.OpRelease} {
					if sent := store.count(op) == 1; sent != (op == c.step) {
						t.Errorf("the store got %d of step %v, want only step %v", store.count(op), op, c.step)
					}
				}
			})
		})
	}
}

// TestHeartbeatsOfAJoinedClaim go by the transaction, which knows whether it holds the
// record, and cancel a handler that has lost its claim.
func TestHeartbeatsOfAJoinedClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newShaky(openStore(t))
		engine := newEngine(t, store)
		tx := &ownTx{store: store}
		_, err := do(t, engine, func(ctx context.Context) ([]byte, error) {
			ok(t, joinedBy(t, ctx).Complete(ctx, tx, []byte("paid")))
			time.Sleep(10 * lease)
			synctest.Wait()
			ok(t, ctx.Err())
			equal(t, "heartbeats of the store", store.count(backendtest.OpExtend), 0)
			if tx.beats() < 29 {
				t.Errorf("%d heartbeats by the transaction, want one for each third of the lease", tx.beats())
			}
			tx.mu.Lock()
			tx.extended = backend.ErrClaimLost
			tx.mu.Unlock()
			<-ctx.Done()
			want(t, context.Cause(ctx), idempotency.ErrClaimLost)
			return []byte("paid"), nil
		})
		ok(t, err)
	})
}

// joinsMeanwhile is a store whose heartbeats find the record finished, by a
// transaction that was committed while they were on their way.
type joinsMeanwhile struct {
	*memstore.Store

	join func()
}

func (s joinsMeanwhile) Extend(context.Context, backend.Key, backend.Token, time.Duration, time.Duration) error {
	s.join()
	return backend.ErrClaimLost
}

func TestHeartbeatUnderWayFindsTheClaimFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := joinsMeanwhile{Store: openStore(t)}
		tx := &ownTx{}
		join := make(chan func(), 1)
		store.join = func() {
			select {
			case joins := <-join:
				joins()
			default:
			}
		}
		tx.store = store
		_, err := do(t, newEngine(t, store), func(ctx context.Context) ([]byte, error) {
			join <- func() { ok(t, joinedBy(t, ctx).Complete(ctx, tx, []byte("paid"))) }
			time.Sleep(lease)
			synctest.Wait()
			ok(t, ctx.Err())
			return []byte("paid"), nil
		})
		ok(t, err)
		if tx.beats() == 0 {
			t.Error("the transaction was not asked")
		}
	})
}

func TestNoClaimToJoin(t *testing.T) {
	store := newShaky(openStore(t)).on(backendtest.OpClaim, every(down))
	engine := newEngine(t, store, idempotency.WithFailOpen(), idempotency.WithLimits(idempotency.Limits{Retries: -1}))
	_, err := do(t, engine, func(ctx context.Context) ([]byte, error) {
		if _, guarded := backend.HandlerClaimFromContext(ctx); guarded {
			t.Error("a claim that is not confirmed can be joined")
		}
		return nil, nil
	})
	ok(t, err)
	if _, guarded := backend.HandlerClaimFromContext(t.Context()); guarded {
		t.Error("there is a claim without a handler")
	}
}

// TestResponseThatCannotBeEncoded reaches no transaction.
func TestResponseThatCannotBeEncoded(t *testing.T) {
	engine := newEngine(t, openStore(t))
	_, err := run(t.Context(), engine, payment("k"), func(ctx context.Context) idempotency.Answer {
		tx := &ownTx{err: errors.New("the transaction was used")}
		if err := joinedBy(t, ctx).Complete(ctx, tx, []byte("paid")); err == nil || errors.Is(err, tx.err) {
			t.Errorf("an adapter without an encoder: got error %v", err)
		}
		return idempotency.Answer{Verdict: idempotency.Record}
	})
	ok(t, err)
	_, err = engine.Do(t.Context(), operation, payment("l").Call, func(ctx context.Context) ([]byte, error) {
		tx := &ownTx{err: errors.New("the transaction was used")}
		if err := joinedBy(t, ctx).Complete(ctx, tx, "text"); err == nil || errors.Is(err, tx.err) {
			t.Errorf("another type: got error %v", err)
		}
		return nil, nil
	})
	ok(t, err)
}

// TestRebuiltAnswers are authorized like others, and their errors have a meaning.
func TestRebuiltAnswers(t *testing.T) {
	same := payload("k", "same")
	marked := &backend.Record{
		State: backend.Marked, Token: backend.Token{1}, Attempt: 3, Fingerprint: same.Fingerprint, Outcome: []byte("reference"),
	}
	for name, c := range map[string]struct {
		response any
		err      error
		denied   error
		want     error
	}{
		"a response":    {response: []byte("rebuilt")},
		"gone":          {err: idempotency.ErrOutcomeNotKept, want: idempotency.ErrOutcomeNotKept},
		"failed":        {err: errDown, want: idempotency.ErrStore},
		"another type":  {response: "rebuilt", want: idempotency.ErrOutcomeUnreadable},
		"of no concern": {response: []byte("rebuilt"), denied: errDown, want: idempotency.ErrReplayDenied},
	} {
		t.Run(name, func(t *testing.T) {
			rebuild := func(_ context.Context, e idempotency.Execution, reference []byte) (any, error) {
				equal(t, "reference", string(reference), "reference")
				equal(t, "attempt", e.Attempt, 3)
				equal(t, "key", e.Key, "k")
				return c.response, c.err
			}
			engine := newEngine(t, fixedStore{openStore(t), marked}, all(idempotency.Policy{Rebuild: rebuild}),
				idempotency.WithReplayAuthorizer(func(context.Context, idempotency.Execution) error { return c.denied }))
			result, err := engine.Do(t.Context(), operation, same.Call, func(context.Context) ([]byte, error) {
				t.Error("the handler ran")
				return nil, nil
			})
			if c.want != nil {
				want(t, err, c.want)
				return
			}
			ok(t, err)
			equal(t, "replayed", result.Replayed, true)
			equal(t, "answer", string(result.Outcome), "rebuilt")
		})
	}
}

// TestJoinedClaimIsFinishedInItsOwnStore, past a store in front of it that would take
// the answer for the stored one.
func TestJoinedClaimIsFinishedInItsOwnStore(t *testing.T) {
	behind := openStore(t)
	front := newShaky(behind)
	tx := &ownTx{store: behind}
	_, err := do(t, newEngine(t, front), func(ctx context.Context) ([]byte, error) {
		return []byte("paid"), joinedBy(t, ctx).Mark(ctx, tx, nil)
	})
	ok(t, err)
	equal(t, "completions of the store in front", front.count(backendtest.OpComplete), 0)
	replays(t, newEngine(t, behind), payment("k"), "paid")
}
