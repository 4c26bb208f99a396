package redisstore_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/redisstore"
)

func sealKey(id byte) redisstore.SealKey {
	return redisstore.SealKey{ID: uint32(id), Secret: bytes.Repeat([]byte{id}, 32)}
}

func sealer(tb testing.TB, current redisstore.SealKey, older ...redisstore.SealKey) redisstore.Option {
	tb.Helper()
	a, err := redisstore.NewAESGCM(current, older...)
	ok(tb, err)
	return redisstore.WithSealer(a)
}

const secret = "card 4242 4242 4242 4242 "

// TestSealedAtRest: the stored value does not contain the outcome.
func TestSealedAtRest(t *testing.T) {
	client := connect(t)
	s, key := store(t, client, sealer(t, sealKey(1)), redisstore.WithCompression(0)), newKey()
	finish(t, s, key, strings.Repeat(secret, 10))
	replays(t, s, key, strings.Repeat(secret, 10))
	if value := client.Get(t.Context(), "idem:"+key.String()).Val(); strings.Contains(value, "4242") || len(value) > 200 {
		t.Errorf("Redis holds %q", value)
	}
}

// TestRotation: records sealed with an older key can be read while the key is
// configured.
func TestRotation(t *testing.T) {
	client, key := connect(t), newKey()
	finish(t, store(t, client, sealer(t, sealKey(1))), key, secret)
	replays(t, store(t, client, sealer(t, sealKey(2), sealKey(1))), key, secret)

	for name, options := range map[string][]redisstore.Option{
		"dropped": {sealer(t, sealKey(2))},
		"none":    nil,
		"wrong":   {sealer(t, redisstore.SealKey{ID: 1, Secret: bytes.Repeat([]byte{9}, 32)})},
	} {
		_, err := store(t, client, options...).Claim(t.Context(), key, newClaim())
		t.Log(name, err)
		want(t, err, backend.ErrCorrupt)
	}
}

// TestSealedLater: records that were stored before there was a sealer are unreadable,
// because they could be forged, unless the option for the migration is set.
func TestSealedLater(t *testing.T) {
	client, key, empty := connect(t), newKey(), newKey()
	before := store(t, client)
	finish(t, before, key, "plain")
	ok(t, before.Complete(t.Context(), empty, win(t, before, empty).Token, backend.Outcome{NotKept: true, Retention: time.Hour}))

	strict := store(t, client, sealer(t, sealKey(1)))
	for _, key := range []backend.Key{key, empty} {
		_, err := strict.Claim(t.Context(), key, newClaim())
		want(t, err, backend.ErrCorrupt)
	}
	migrating := store(t, client, sealer(t, sealKey(1)), redisstore.WithUnsealedReads())
	replays(t, migrating, key, "plain")
	rec, err := migrating.Claim(t.Context(), empty, newClaim())
	if err != nil || rec.State != backend.NotKept {
		t.Errorf("Claim: state %d, %v", rec.State, err)
	}
}

// TestSealOfTheOutcomeAlone reads a record of a development version, whose header is not
// bound.
func TestSealOfTheOutcomeAlone(t *testing.T) {
	client, key := connect(t), newKey()
	finish(t, store(t, client), key, "")
	old, err := redisstore.NewAESGCM(sealKey(1))
	ok(t, err)
	payload, err := old.Seal([]byte("old"), key[:])
	ok(t, err)
	value := []byte(client.Get(t.Context(), name(key)).Val())
	value[2] = 4 // sealed
	ok(t, client.Set(t.Context(), name(key), append(value, payload...), 0).Err())

	_, err = store(t, client, redisstore.WithSealer(old)).Claim(t.Context(), key, newClaim())
	want(t, err, backend.ErrCorrupt)
	replays(t, store(t, client, redisstore.WithSealer(old), redisstore.WithUnsealedReads()), key, "old")
}

// TestMovedAndChanged: a sealed record that was moved to another key or changed is
// unreadable.
func TestMovedAndChanged(t *testing.T) {
	client, key, other := connect(t), newKey(), newKey()
	s := store(t, client, sealer(t, sealKey(1)))
	finish(t, s, key, secret)
	value := client.Get(t.Context(), "idem:"+key.String()).Val()
	ok(t, client.Set(t.Context(), "idem:"+other.String(), value, 0).Err())
	_, err := s.Claim(t.Context(), other, newClaim())
	want(t, err, backend.ErrCorrupt)

	changed := []byte(value)
	changed[len(changed)-1] ^= 1
	ok(t, client.Set(t.Context(), "idem:"+key.String(), changed, 0).Err())
	_, err = s.Claim(t.Context(), key, newClaim())
	want(t, err, backend.ErrCorrupt)
}

func TestSealKeysAreChecked(t *testing.T) {
	for name, keys := range map[string][]redisstore.SealKey{
		"short": {{ID: 1, Secret: []byte("short")}},
		"twice": {sealKey(1), sealKey(1)},
		"older": {sealKey(1), {ID: 2}},
	} {
		if _, err := redisstore.NewAESGCM(keys[0], keys[1:]...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestCompressedForEveryReader: reading a compressed outcome needs no option.
func TestCompressedForEveryReader(t *testing.T) {
	client, key := connect(t), newKey()
	long := strings.Repeat("a word ", 1000)
	finish(t, store(t, client, redisstore.WithCompression(1000)), key, long)
	replays(t, store(t, client), key, long)
	if n := client.StrLen(t.Context(), "idem:"+key.String()).Val(); n > 500 {
		t.Errorf("Redis holds %d bytes", n)
	}
}
