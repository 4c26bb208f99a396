package rpc

import (
	"errors"
	"fmt"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/schema"
)

// checkStreams returns an error for every operation whose policies, together, guard
// streams and have a transaction.
func checkStreams(engine *idempotency.Engine, operations []string) error {
	var problems []error
	for _, operation := range operations {
		descriptor := schema.Method(operation, nil)
		if descriptor == nil || !descriptor.IsStreamingServer() || descriptor.IsStreamingClient() {
			continue
		}
		inSchema, _ := schema.Policy(operation, descriptor) // schema.Check reports the error
		policy := engine.Operation(operation, inSchema).Policy()
		if policy.MaxMessages > 0 && policy.Transaction.InTransaction() {
			problems = append(problems, fmt.Errorf("%s: a stream cannot be guarded in a transaction: set one of MaxMessages and Transaction", operation))
		}
	}
	return errors.Join(problems...)
}
