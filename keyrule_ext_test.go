package idempotency_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
)

// undashed accepts UUIDs that are written without hyphens.
func undashed(key string) error {
	if strings.Contains(key, "-") {
		return errDown
	}
	return nil
}

func TestRefusedKeyTellsWhichRuleItBreaks(t *testing.T) {
	details := map[string]bool{}
	for _, test := range []struct {
		values []string
		rule   string
	}{
		{[]string{"a", "b"}, "single"},
		{[]string{" "}, "blank"},
		{[]string{strings.Repeat("k", 256)}, "length"},
		{[]string{`"k`}, "quotes"},
		{[]string{"ä"}, "characters"},
		{[]string{"8e03978e-40d5-43dd-bc93-6894a57f9324"}, "validator"},
		{[]string{"8e03"}, "uuid"},
	} {
		engine := newEngine(t, openStore(t), idempotency.WithKeyRules(idempotency.KeyRules{UUID: true}), idempotency.WithKeyRules(idempotency.KeyRules{Validate: undashed}))
		_, err := engine.Operation(operation, idempotency.Policy{}).ParseKey(t.Context(), test.values)
		want(t, err, idempotency.ErrKeyInvalid)
		refusal, _ := errors.AsType[*idempotency.Error](err)
		equal(t, "rule", refusal.Rule, test.rule)
		details[refusal.Detail()] = true
		if strings.Contains(refusal.Detail(), "redis") {
			t.Errorf("a client reads %q", refusal.Detail())
		}
	}
	equal(t, "details", len(details), 7)
}

// TestKeyValidatorSeesTheKeyAsSent without quotes, and before it is canonical.
func TestKeyValidatorSeesTheKeyAsSent(t *testing.T) {
	var seen []string
	engine := newEngine(t, openStore(t), idempotency.WithKeyRules(idempotency.KeyRules{UUID: true}), idempotency.WithKeyRules(idempotency.KeyRules{Validate: func(key string) error {
		seen = append(seen, key)
		return undashed(key)
	}}))
	key, err := engine.Operation(operation, idempotency.Policy{}).ParseKey(t.Context(), []string{`"8E03978E40D543DDBC936894A57F9324";v=1`})
	ok(t, err)
	equal(t, "key", key, "8e03978e-40d5-43dd-bc93-6894a57f9324")
	equal(t, "validated", strings.Join(seen, " "), "8E03978E40D543DDBC936894A57F9324")
}
