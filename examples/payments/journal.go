package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// journal appends every charge to a file, in one write each, so that any number
// of processes can share it and a killed process leaves what it did. Nothing is
// ever read from it: it is for whoever counts the charges from outside.
type journal struct{ file *os.File }

// charged is a line of the journal.
type charged struct {
	Payment   string `json:"payment"`
	Tenant    string `json:"tenant,omitempty"`
	Key       string `json:"key,omitempty"`
	Attempt   int    `json:"attempt,omitempty"` // of the key
	Recovered bool   `json:"recovered,omitempty"`
}

// openJournal keeps no journal when there is no path.
func openJournal(path string) (*journal, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // a nil journal takes everything and writes nothing
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
	line := charged{Payment: payment.GetId(), Tenant: tenantOf(ctx)}
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
