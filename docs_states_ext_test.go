package idempotency_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
)

// fixedStore answers every claim with one record, unless that is absent or the
// claim takes it over.
type fixedStore struct {
	backend.Store

	record *backend.Record
}

func (s fixedStore) Claim(ctx context.Context, key backend.Key, claim backend.Claim) (backend.Record, error) {
	if s.record == nil || claim.Replaces == s.record.Token {
		return s.Store.Claim(ctx, key, claim)
	}
	return *s.record, nil
}

const (
	getsHandler = "the handler runs"
	getsOutcome = "the recorded outcome"
)

// recordsOfStateTable has a record for each row of the state table.
func recordsOfStateTable() map[string]*backend.Record {
	same, other := payload("k", "same").Fingerprint, payload("k", "other").Fingerprint
	token := backend.Token{1}
	return map[string]*backend.Record{
		"absent":                       nil,
		"running, lease alive":         {State: backend.Running, Token: token, Attempt: 1, Fingerprint: same, LeaseLeft: lease},
		"running, lease expired":       {State: backend.Running, Token: token, Attempt: 1, Fingerprint: same},
		"marked, lease alive":          {State: backend.Marked, Token: token, Attempt: 1, Fingerprint: same, LeaseLeft: lease},
		"marked, lease expired":        {State: backend.Marked, Token: token, Attempt: 1, Fingerprint: same},
		"done":                         {State: backend.Done, Token: token, Attempt: 1, Fingerprint: same},
		"done, outcome not kept":       {State: backend.NotKept, Token: token, Attempt: 1, Fingerprint: same},
		"not readable by this version": {State: 200, Token: token, Attempt: 1, Fingerprint: same},
		"any, of another request":      {State: backend.Done, Token: token, Attempt: 1, Fingerprint: other},
	}
}

// gets returns what a call gets for a record, in the words of the state table.
func gets(t *testing.T, record *backend.Record, policy idempotency.Policy) string {
	t.Helper()
	engine := newEngine(t, fixedStore{openStore(t), record}, all(policy))
	result, err := run(t.Context(), engine, payload("k", "same"), recording("mine").run)
	for name, refusal := range refusalsByName {
		if errors.Is(err, refusal) {
			return name
		}
	}
	ok(t, err)
	if result.Replayed {
		return getsOutcome
	}
	return getsHandler
}

// state returns the first cell of a row without what is in parentheses.
func state(cell string) string {
	before, _, _ := strings.Cut(cell, "(")
	return strings.TrimSpace(before)
}

func TestStateTableSaysWhatTheEngineDoes(t *testing.T) {
	records := recordsOfStateTable()
	for _, row := range stateTable(t) {
		if state(row[0]) == "" {
			continue // no record decides
		}
		record, known := records[state(row[0])]
		if !known {
			t.Errorf("README: no record is %q", row[0])
			continue
		}
		delete(records, state(row[0]))
		var got []string
		for _, onAbandoned := range []idempotency.AbandonPolicy{idempotency.Retry, idempotency.Reject} {
			got = append(got, gets(t, record, idempotency.Policy{OnAbandoned: onAbandoned}))
		}
		for _, result := range append(errorName.FindAllString(row[1], -1), got...) {
			if !slices.Contains(got, result) || !strings.Contains(row[1], result) {
				t.Errorf("README: for a record that is %q a call gets %q, not %q", row[0], got, row[1])
			}
		}
	}
	equal(t, "records without a row", len(records), 0)
}

// TestPackageDocHasTheStateTable compares the table of doc.go with the README's.
func TestPackageDocHasTheStateTable(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	ok(t, err)
	doc := strings.Join(strings.Fields(strings.ReplaceAll(string(text), "//", "")), " ")
	_, doc, _ = strings.Cut(doc, "the call gets absent")
	doc = "absent" + doc
	for _, row := range stateTable(t) {
		if state(row[0]) == "" {
			continue
		}
		_, after, found := strings.Cut(doc, state(row[0])+" ")
		if !found {
			t.Errorf("doc.go has no row for a record that is %q, after %q", state(row[0]), doc)
			return
		}
		for _, name := range errorName.FindAllString(row[1], -1) {
			if _, after, found = strings.Cut(after, name); !found {
				t.Errorf("doc.go does not name %s for a record that is %q", name, state(row[0]))
			}
		}
		doc = after
	}
}
