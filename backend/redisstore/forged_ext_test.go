package redisstore_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/redisstore"
)

// The tests in this file act as someone who can write to Redis but does not have the
// secret. No forged outcome may be replayed.

// refuses requires that the record of key is unreadable.
func refuses(t *testing.T, s backend.Store, key backend.Key, what string) {
	t.Helper()
	rec, err := s.Claim(t.Context(), key, newClaim())
	if err == nil {
		t.Errorf("%s: Claim: state %d with %q, want ErrCorrupt", what, rec.State, rec.Outcome)
		return
	}
	want(t, err, backend.ErrCorrupt)
}

func value(t *testing.T, client *redis.Client, key backend.Key) []byte {
	t.Helper()
	b, err := client.Get(t.Context(), name(key)).Bytes()
	ok(t, err)
	return b
}

func put(t *testing.T, client *redis.Client, key backend.Key, b []byte) {
	t.Helper()
	ok(t, client.Set(t.Context(), name(key), b, time.Hour).Err())
}

// TestEveryBitIsBound: a finished record with any bit flipped is unreadable.
func TestEveryBitIsBound(t *testing.T) {
	for what, outcome := range map[string]backend.Outcome{
		"done":     {Bytes: []byte(secret), Retention: time.Hour},
		"not kept": {NotKept: true, Retention: backend.Forever},
	} {
		t.Run(what, func(t *testing.T) {
			client, key := connect(t), newKey()
			s := store(t, client, sealer(t, sealKey(1)))
			ok(t, s.Complete(t.Context(), key, win(t, s, key).Token, outcome))
			genuine := value(t, client, key)
			for i := range 8 * len(genuine) {
				genuine[i/8] ^= 1 << (i % 8)
				put(t, client, key, genuine)
				refuses(t, s, key, what)
				genuine[i/8] ^= 1 << (i % 8)
			}
			put(t, client, key, genuine)
			rec, err := s.Claim(t.Context(), key, newClaim())
			if err != nil || rec.State != outcome.State() || string(rec.Outcome) != string(outcome.Bytes) {
				t.Errorf("the genuine record: state %d with %q, %v", rec.State, rec.Outcome, err)
			}
		})
	}
}

// TestPartsOfTwoRecords: the claim of one record with the outcome of another is
// unreadable, and so is a claim without an outcome.
func TestPartsOfTwoRecords(t *testing.T) {
	client, key := connect(t), newKey()
	s := store(t, client, sealer(t, sealKey(1)))
	finish(t, s, key, "first")
	first := value(t, client, key)
	ok(t, client.Del(t.Context(), name(key)).Err())
	finish(t, s, key, "other")
	other := value(t, client, key)

	const outcome = 66 + 4 + 12 + 16 // end of the claim's seal by AES-GCM
	put(t, client, key, append(first[:outcome:outcome], other[outcome:]...))
	refuses(t, s, key, "two records")
	put(t, client, key, first[:outcome])
	refuses(t, s, key, "no outcome")
	put(t, client, key, append(first[:64:64], first[outcome:]...))
	refuses(t, s, key, "no seal of the claim")
	put(t, client, key, first)
	replays(t, s, key, "first")
}

// TestForgedClaim changes the fingerprint of a running claim, so that another request
// would get its outcome.
func TestForgedClaim(t *testing.T) {
	client := connect(t)
	s := store(t, client, sealer(t, sealKey(1)))
	for what, at := range map[string]int{"attempt": 20, "fingerprint": 30} {
		key := newKey()
		c := win(t, s, key)
		running := value(t, client, key)
		running[at] ^= 1
		put(t, client, key, running)
		ok(t, s.Complete(t.Context(), key, c.Token, outcome("done")))
		refuses(t, s, key, what)
	}
}

// TestClaimWithoutItsSeal: a claim without seal is not the claim that has won.
func TestClaimWithoutItsSeal(t *testing.T) {
	client, key := connect(t), newKey()
	s, plain := store(t, client, sealer(t, sealKey(1))), store(t, client)
	c := win(t, s, key)
	running := value(t, client, key)
	running = running[:64]
	running[0] = 1
	put(t, client, key, running)
	want(t, s.Complete(t.Context(), key, c.Token, outcome("done")), backend.ErrClaimLost)

	other := newKey()
	c = win(t, s, other)
	want(t, plain.Complete(t.Context(), other, c.Token, outcome("done")), backend.ErrClaimLost)
	ok(t, s.Complete(t.Context(), other, c.Token, outcome("done")))
	replays(t, s, other, "done")
}

// TestAnotherPrefix: two services with the same secret cannot share a record.
func TestAnotherPrefix(t *testing.T) {
	client, key := connect(t), newKey()
	live, staging := store(t, client, sealer(t, sealKey(1))), store(t, client, sealer(t, sealKey(1)), redisstore.WithPrefix("staging:"))
	finish(t, staging, key, "accepted")
	ok(t, client.Rename(t.Context(), "staging:"+key.String(), name(key)).Err())
	refuses(t, live, key, "staging")
}

// TestClaimsAreSharedDuringAMigration: while a sealer is added to a service,
// processes with and without it find, wait for and take over each other's claims.
func TestClaimsAreSharedDuringAMigration(t *testing.T) {
	client := connect(t)
	with, without := store(t, client, sealer(t, sealKey(1))), store(t, client)
	for what, pair := range map[string][2]*redisstore.Store{"sealed": {with, without}, "plain": {without, with}} {
		key := newKey()
		owner, other := pair[0], pair[1]
		c := win(t, owner, key)
		end := withoutPolling(t, client, other, 1, key, c)
		rec, err := other.Claim(t.Context(), key, newClaim())
		ok(t, err)
		if rec.State != backend.Running || rec.Fingerprint != c.Fingerprint || rec.LeaseLeft <= 0 {
			t.Errorf("%s: found %+v", what, rec)
		}
		ok(t, owner.Extend(t.Context(), key, c.Token, 0, time.Hour))
		end(nil)
		next := newClaim()
		next.Replaces, next.Attempt = c.Token, 2
		rec, err = other.Claim(t.Context(), key, next)
		if err != nil || rec.Token != next.Token {
			t.Errorf("%s: the takeover met %+v, %v", what, rec, err)
		}
		ok(t, other.Complete(t.Context(), key, next.Token, outcome("by the other")))
		replays(t, other, key, "by the other")
	}
}
