package idempotency_test

import (
	"strings"
	"testing"
	"time"

	"github.com/oncewire/idempotency"
)

func TestNewNeedsAStore(t *testing.T) {
	if engine, err := idempotency.New(nil); err == nil || engine != nil {
		t.Errorf("got %v, %v, want an error alone", engine, err)
	}
}

// TestOneErrorNamesEveryBadOption.
func TestOneErrorNamesEveryBadOption(t *testing.T) {
	bad := map[string]idempotency.Option{
		"key field":          idempotency.WithKeyRules(idempotency.KeyRules{Field: "Idempotency Key"}),
		"replayed field":     idempotency.WithReplayedField(""),
		"maximum key length": idempotency.WithKeyRules(idempotency.KeyRules{MaxLength: -1}),
		"lease":              idempotency.WithPolicy("/a", idempotency.Policy{Lease: -1}),
		"observer":           idempotency.WithObserver(nil),
		"retention":          idempotency.WithPolicy("/b", idempotency.Policy{Retention: -time.Second}),
		"abandon policy":     idempotency.WithPolicy("/c", idempotency.Policy{OnAbandoned: 7}),
		"wait":               idempotency.WithPolicy("/d", idempotency.Policy{Wait: 1}),
		"retry-after":        idempotency.WithPolicy("/e", idempotency.Policy{RetryAfter: -1}),
		"store timeout":      idempotency.WithLimits(idempotency.Limits{StoreTimeout: -1}),
		"detached":           idempotency.WithPolicy("/f", idempotency.Policy{Detached: 1}),
		"retry window":       idempotency.WithLimits(idempotency.Limits{RetryWindow: -1}),
		"waiters":            idempotency.WithLimits(idempotency.Limits{WaitersPerKey: -1}),
	}
	all := make([]idempotency.Option, 0, len(bad))
	for name, option := range bad {
		all = append(all, option)
		engine, err := idempotency.New(openStore(t), option)
		if err == nil || engine != nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v, %v, want an error that names it", name, engine, err)
		}
	}
	_, err := idempotency.New(openStore(t), all...)
	if err == nil {
		t.Fatal("no error for everything wrong at once")
	}
	for name := range bad {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name the %s: %v", name, err)
		}
	}
}

// TestDurationWithoutUnitIsRefused: 30 is 30 ns. The text says what is missing.
func TestDurationWithoutUnitIsRefused(t *testing.T) {
	for name, option := range map[string]idempotency.Option{
		"lease":           idempotency.WithPolicy("*", idempotency.Policy{Lease: 30}),
		"retention":       idempotency.WithPolicy("*", idempotency.Policy{Retention: 24}),
		"wait":            idempotency.WithPolicy("*", idempotency.Policy{Wait: 5}),
		"retry-after":     idempotency.WithPolicy("*", idempotency.Policy{RetryAfter: 1}),
		"store timeout":   idempotency.WithLimits(idempotency.Limits{StoreTimeout: 5}),
		"detached time":   idempotency.WithPolicy("*", idempotency.Policy{Detached: 60}),
		"retry window":    idempotency.WithLimits(idempotency.Limits{RetryWindow: 60}),
		"policy's lease":  idempotency.WithPolicy("/a", idempotency.Policy{Lease: 30}),
		"policy's wait":   idempotency.WithPolicy("/a", idempotency.Policy{Wait: 30}),
		"policy's memory": idempotency.WithPolicy("/a", idempotency.Policy{Retention: 30}),
	} {
		_, err := idempotency.New(openStore(t), option)
		if err == nil || !strings.Contains(err.Error(), "ns is shorter than") || !strings.Contains(err.Error(), "durations have a unit") {
			t.Errorf("%s: got %v, want an error that asks for the unit", name, err)
		}
	}
}

func TestNilOptions(t *testing.T) {
	if _, err := idempotency.New(openStore(t), idempotency.WithNamespace(""), nil); err == nil || !strings.Contains(err.Error(), "option 2 is nil") {
		t.Errorf("got %v, want an error that says which option is nil", err)
	}
	newEngine(t, openStore(t), idempotency.WithScope(nil), idempotency.WithReplayAuthorizer(nil), idempotency.WithKeyRules(idempotency.KeyRules{}), idempotency.WithLogger(nil))
}

func TestBadOptions(t *testing.T) {
	tests := map[string][]idempotency.Option{
		"key field with CRLF":         {idempotency.WithKeyRules(idempotency.KeyRules{Field: "Key\r\nX: y"})},
		"key field with colon":        {idempotency.WithKeyRules(idempotency.KeyRules{Field: ":authority"})},
		"key field not ASCII":         {idempotency.WithKeyRules(idempotency.KeyRules{Field: "Schlüssel"})},
		"UUIDs that are too long":     {idempotency.WithKeyRules(idempotency.KeyRules{UUID: true, MaxLength: 35})},
		"negative maximum key length": {idempotency.WithKeyRules(idempotency.KeyRules{MaxLength: -1})},
		"negative lease":              {idempotency.WithPolicy("*", idempotency.Policy{Lease: -1})},
		"negative retention":          {idempotency.WithPolicy("*", idempotency.Policy{Retention: -1})},
		"negative retry window":       {idempotency.WithLimits(idempotency.Limits{RetryWindow: -1})},
		"the last of two":             {idempotency.WithLimits(idempotency.Limits{StoreTimeout: time.Second}), idempotency.WithLimits(idempotency.Limits{StoreTimeout: -1})},
	}
	for name, options := range tests {
		if _, err := idempotency.New(openStore(t), options...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestGoodOptions(t *testing.T) {
	tests := map[string][]idempotency.Option{
		"none":              nil,
		"zero fields":       {idempotency.WithPolicy("*", idempotency.Policy{}), idempotency.WithLimits(idempotency.Limits{}), idempotency.WithKeyRules(idempotency.KeyRules{}), idempotency.WithNamespace(""), idempotency.WithScope(nil)},
		"negative for none": {idempotency.WithPolicy("*", idempotency.Policy{Wait: -1, Detached: -1}), idempotency.WithLimits(idempotency.Limits{Retries: -1})},
		"UUIDs just fit":    {idempotency.WithKeyRules(idempotency.KeyRules{UUID: true, MaxLength: 36})},
		"forever":           {idempotency.WithPolicy("*", idempotency.Policy{Retention: idempotency.Forever, Detached: idempotency.Forever})},
		"own fields":        {idempotency.WithKeyRules(idempotency.KeyRules{Field: "x-request_key.v1"}), idempotency.WithReplayedField("X-Replay")},
		"the last of two":   {idempotency.WithLimits(idempotency.Limits{StoreTimeout: -1}), idempotency.WithLimits(idempotency.Limits{StoreTimeout: time.Second})},
	}
	for name, options := range tests {
		t.Run(name, func(t *testing.T) { newEngine(t, openStore(t), options...) })
	}
}

func TestFieldsByDefaultAndByOption(t *testing.T) {
	pay := newEngine(t, openStore(t)).Operation(operation, idempotency.Policy{})
	equal(t, "key field", pay.KeyField(), "Idempotency-Key")
	equal(t, "replayed field", pay.ReplayedField(), "Idempotent-Replayed")
	pay = newEngine(t, openStore(t), idempotency.WithKeyRules(idempotency.KeyRules{Field: "X-Key"}), idempotency.WithReplayedField("X-Replay")).Operation(operation, idempotency.Policy{})
	equal(t, "key field", pay.KeyField(), "X-Key")
	equal(t, "replayed field", pay.ReplayedField(), "X-Replay")
}
