package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// journal appends every charge to a file, with one write each. So processes can
// share the file, and the charges of a killed process remain. The server never
// reads it: it is for tests and tools that count charges.
type journal struct{ file *os.File }

// journalLine is one charge in the journal.
type journalLine struct {
	Payment   string `json:"payment"`
	Tenant    string `json:"tenant,omitempty"`
	Key       string `json:"key,omitempty"`
	Attempt   int    `json:"attempt,omitempty"` // of the key
	Recovered bool   `json:"recovered,omitempty"`
}

// openJournal returns nil, which is an empty journal, if there is no path.
func openJournal(path string) (*journal, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // a nil journal writes nothing
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &journal{file: file}, nil
}

func (j *journal) append(ctx context.Context, payment *paymentsv1.Payment) error {
	if j == nil {
		return nil
	}
	line := journalLine{Payment: payment.GetId(), Tenant: tenantOf(ctx)}
	if execution, guarded := idempotency.FromContext(ctx); guarded {
		line.Key, line.Attempt, line.Recovered = execution.Key, execution.Attempt, execution.Recovered
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(text, '\n'))
	return err
}

func (j *journal) close() {
	if j != nil {
		_ = j.file.Close()
	}
}
