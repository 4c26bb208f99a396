package idempotency_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

const (
	oldAlgorithm = byte(100)
	newAlgorithm = byte(101)
)

// upgraded is a request that knows some algorithms.
type upgraded struct {
	body  string
	knows []byte
	asked []byte
}

func (u *upgraded) Rehash(algorithm byte) (backend.Fingerprint, bool) {
	u.asked = append(u.asked, algorithm)
	if !slices.Contains(u.knows, algorithm) {
		return backend.Fingerprint{}, false
	}
	return fingerprint.New(algorithm, []byte(u.body)), true
}

// TestFingerprintIsCompared in every state a record can be in.
func TestFingerprintIsCompared(t *testing.T) {
	by := func(algorithm byte, body string, rehasher fingerprint.Rehasher) request {
		call := payment("k")
		call.Fingerprint = fingerprint.New(algorithm, []byte(body))
		call.Rehasher = rehasher
		return call
	}
	plain := by(oldAlgorithm, "pay 1", nil)
	calls := []struct {
		name   string
		first  request
		call   request
		reused bool
	}{
		{name: "same", first: plain, call: plain},
		{name: "other body", first: plain, call: by(oldAlgorithm, "pay 2", nil), reused: true},
		{name: "other body, rehasher", first: plain, call: by(oldAlgorithm, "pay 2", &upgraded{body: "pay 1", knows: []byte{oldAlgorithm}}), reused: true},
		{name: "upgraded, same body", first: plain, call: by(newAlgorithm, "pay 1", &upgraded{body: "pay 1", knows: []byte{oldAlgorithm}})},
		{name: "upgraded, other body", first: plain, call: by(newAlgorithm, "pay 2", &upgraded{body: "pay 2", knows: []byte{oldAlgorithm}}), reused: true},
		{name: "unknown algorithm", first: plain, call: by(newAlgorithm, "pay 2", &upgraded{body: "pay 2"})},
		{name: "unknown algorithm, no rehasher", first: plain, call: by(newAlgorithm, "pay 2", nil)},
		{name: "record has none", first: payment("k"), call: plain},
		{name: "call has none", first: plain, call: payment("k")},
	}
	states := map[string]func(t *testing.T, store *memstore.Store, first request) (accepted error){
		"running": func(t *testing.T, store *memstore.Store, first request) error {
			t.Helper()

			crash(t, store, first)
			return idempotency.ErrInProgress
		},
		"expired": func(t *testing.T, store *memstore.Store, first request) error {
			t.Helper()

			crash(t, store, first)
			time.Sleep(lease)
			return idempotency.ErrOutcomeUnknown
		},
		"done": func(t *testing.T, store *memstore.Store, first request) error {
			t.Helper()

			starts(t, newEngine(t, store), first, recording("paid"), 1)
			return nil
		},
		"not kept": func(t *testing.T, store *memstore.Store, first request) error {
			t.Helper()

			w := &worker{answer: idempotency.Answer{Verdict: idempotency.Record, NotKept: true}}
			starts(t, newEngine(t, store), first, w, 1)
			return idempotency.ErrOutcomeNotKept
		},
	}
	for state, stand := range states {
		for _, test := range calls {
			t.Run(state+" "+test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := openStore(t)
					accepted := stand(t, store, test.first)
					engine := newEngine(t, store, reject)
					switch {
					case test.reused:
						refused(t, engine, test.call, idempotency.ErrKeyReused)
					case accepted != nil:
						refused(t, engine, test.call, accepted)
					default:
						replays(t, engine, test.call, "paid")
					}
				})
			})
		}
	}
}

func TestRehasherIsAskedOnlyWhenNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		starts(t, engine, payload("k", "pay"), recording("paid"), 1)
		rehasher := &upgraded{body: "pay", knows: []byte{fingerprint.Bytes}}
		call := payload("k", "pay")
		call.Rehasher = rehasher
		replays(t, engine, call, "paid")
		equal(t, "times asked", len(rehasher.asked), 0)
		call.Fingerprint[0] = newAlgorithm
		replays(t, engine, call, "paid")
		equal(t, "times asked", len(rehasher.asked), 1)
		equal(t, "asked for", rehasher.asked[0], fingerprint.Bytes)
	})
}

func TestTakeoverKeepsItsOwnFingerprint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := newEngine(t, openStore(t))
		call := payload("k", "pay")
		starts(t, engine, call, abandoning(), 1)
		starts(t, engine, call, recording("paid"), 2)
		refused(t, engine, payload("k", "other"), idempotency.ErrKeyReused)
	})
}
