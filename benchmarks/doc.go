// Package benchmarks compares this library with a handler that nothing guards, and
// with the other Go libraries for idempotency keys that the module proxy serves. It
// is a module of its own, so that users of the library do not depend on them.
//
// `make compare` runs every benchmark in interleaved rounds and writes the figures
// into docs/performance.md. `make benchmarks` only proves that every subject answers
// correctly and that every benchmark runs.
//
// The name of a benchmark is its configuration: /size=200B is the size of the body of
// the request and of the answer, /work=first what the call meets, /subject=ours who
// answers.
//
//	work       the call
//	none       has no key
//	first      has a new key
//	replay     repeats a finished call
//	running    meets the same call running
//	mismatch   has the key of another request
package benchmarks
