// Package outcome writes and reads the stored answer, whose schema is Outcome
// in proto/idempotency/v1/outcome.proto. It works on the wire format itself:
// writing costs one allocation and reading copies nothing, and an adapter need not
// link the generated code.
package outcome
