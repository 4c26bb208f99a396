// Package schema tests that a user outside this repository can put the options of
// proto/idempotency/v1 into a .proto file, in the ways that docs/schema.md describes. Each test makes
// a Go module in a temporary directory, compiles its schema, which also imports google/api, with
// protoc or buf, builds its program, and runs it.
//
// protoc has to be in PATH. `make schema` installs it.
package schema
