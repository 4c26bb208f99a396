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

// TestOneErrorNamesEveryBadOption, so that nobody mends them one by one.
func TestOneErrorNamesEveryBadOption(t *testing.T) {
	bad := map[string]idempotency.Option{
		"key field":          idempotency.WithKeyField("Idempotency Key"),
		"replayed field":     idempotency.WithReplayedField(""),
		"maximum key length": idempotency.WithMaxKeyLength(0),
		"lease":              idempotency.WithLease(0),
		"observer":           idempotency.WithObserver(nil),
		"retention":          idempotency.WithRetention(-time.Second),
		"policy":             idempotency.WithOnAbandoned(7),
		"wait":               idempotency.WithWait(-1),
		"retry-after":        idempotency.WithRetryAfter(0),
		"store timeout":      idempotency.WithStoreTimeout(0),
		"detached":           idempotency.WithDetached(-1),
		"backlog":            idempotency.WithBacklog(-1, time.Minute),
		"waiters":            idempotency.WithMaxWaiters(0, 1),
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
		"lease":           idempotency.WithLease(30),
		"retention":       idempotency.WithRetention(24),
		"wait":            idempotency.WithWait(5),
		"retry-after":     idempotency.WithRetryAfter(1),
		"store timeout":   idempotency.WithStoreTimeout(5),
		"detached time":   idempotency.WithDetached(60),
		"backlog window":  idempotency.WithBacklog(1, 60),
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
	if _, err := idempotency.New(openStore(t), idempotency.WithWait(0), nil); err == nil || !strings.Contains(err.Error(), "option 2 is nil") {
		t.Errorf("got %v, want an error that says which option is nil", err)
	}
	newEngine(t, openStore(t), idempotency.WithScope(nil), idempotency.WithReplayAuthorizer(nil), idempotency.WithKeyValidator(nil), idempotency.WithLogger(nil))
}

func TestBadOptions(t *testing.T) {
	tests := map[string][]idempotency.Option{
		"no key field":                   {idempotency.WithKeyField("")},
		"key field with CRLF":            {idempotency.WithKeyField("Key\r\nX: y")},
		"key field with colon":           {idempotency.WithKeyField(":authority")},
		"key field not ASCII":            {idempotency.WithKeyField("Schlüssel")},
		"UUIDs that are too long":        {idempotency.WithUUIDKeys(), idempotency.WithMaxKeyLength(35)},
		"negative maximum key length":    {idempotency.WithMaxKeyLength(-1)},
		"negative lease":                 {idempotency.WithLease(-1)},
		"no retention":                   {idempotency.WithRetention(0)},
		"negative window of the backlog": {idempotency.WithBacklog(1, -1)},
		"the last of two":                {idempotency.WithLease(time.Second), idempotency.WithLease(0)},
	}
	for name, options := range tests {
		if _, err := idempotency.New(openStore(t), options...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestGoodOptions(t *testing.T) {
	tests := map[string][]idempotency.Option{
		"none":               nil,
		"zeros that mean so": {idempotency.WithWait(0), idempotency.WithDetached(0), idempotency.WithBacklog(0, 0), idempotency.WithNamespace(""), idempotency.WithScope(nil)},
		"UUIDs just fit":     {idempotency.WithUUIDKeys(), idempotency.WithMaxKeyLength(36)},
		"for ever":           {idempotency.WithRetention(idempotency.Forever)},
		"own fields":         {idempotency.WithKeyField("x-request_key.v1"), idempotency.WithReplayedField("X-Replay")},
		"the last of two":    {idempotency.WithLease(0), idempotency.WithLease(time.Second)},
	}
	for name, options := range tests {
		t.Run(name, func(t *testing.T) { newEngine(t, openStore(t), options...) })
	}
}

func TestFieldsByDefaultAndByOption(t *testing.T) {
	engine := newEngine(t, openStore(t))
	equal(t, "key field", engine.KeyField(), "Idempotency-Key")
	equal(t, "replayed field", engine.ReplayedField(), "Idempotent-Replayed")
	engine = newEngine(t, openStore(t), idempotency.WithKeyField("X-Key"), idempotency.WithReplayedField("X-Replay"))
	equal(t, "key field", engine.KeyField(), "X-Key")
	equal(t, "replayed field", engine.ReplayedField(), "X-Replay")
}
