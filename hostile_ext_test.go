package idempotency_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
)

// TestMillionKeys: a client that makes up keys as fast as it can fills what
// the store was given, and then is refused without anything being forgotten.
func TestMillionKeys(t *testing.T) {
	room, keys := 10_000, 1_000_000
	if testing.Short() {
		room, keys = 100, 10_000
	}
	store := memstore.New(memstore.WithMaxRecords(room))
	t.Cleanup(func() { _ = store.Close() })
	engine := newEngine(t, store)
	paid := recording("paid")
	refusals := 0
	for n := range keys {
		_, err := run(t.Context(), engine, payment(strconv.Itoa(n)), paid.run)
		if errors.Is(err, backend.ErrFull) && errors.Is(err, idempotency.ErrStore) {
			refusals++
		} else if err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "runs", int(paid.runs.Load()), room)
	equal(t, "refusals", refusals, keys-room)
	equal(t, "records", store.Len(), room)
	replays(t, engine, payment("0"), "paid")
}

// TestHostileKeys are refused before the store is asked.
func TestHostileKeys(t *testing.T) {
	store := newShaky(openStore(t))
	engine := newEngine(t, store)
	for name, values := range map[string][]string{
		"a megabyte":           {strings.Repeat("k", 1<<20)},
		"a megabyte of quotes": {strings.Repeat(`"`, 1<<20)},
		"a megabyte of spaces": {"a" + strings.Repeat(" ", 1<<20) + "b"},
		"ten thousand values":  make([]string, 10_000),
		"NUL":                  {"a\x00b"},
		"CR and LF":            {"a\r\nSet-Cookie: b"},
		"not ASCII":            {"schlüssel"},
		"not UTF-8":            {"\xff\xfe"},
		"DEL":                  {"a\x7f"},
	} {
		if key, err := engine.Operation(operation, idempotency.Policy{}).ParseKey(t.Context(), values); !errors.Is(err, idempotency.ErrKeyInvalid) {
			t.Errorf("%s: taken as %.20q, %v", name, key, err)
		}
	}
	equal(t, "claims", store.count("Claim"), 0)
}
