// Package outcome writes and reads stored outcomes. Their schema is message Outcome
// in proto/idempotency/v1/outcome.proto. The package works on the wire format
// itself: writing needs one allocation, reading copies nothing, and an adapter does
// not link the generated code.
package outcome
