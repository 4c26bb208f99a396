// Package backendtest tests stores. [Run] checks the promises of package
// backend, with one group of tests for each; those about transactions apply to a
// [backend.Transactor]. [Benchmark] measures the cost of the calls that the engine
// makes. [Faulty] makes a store fail on demand, for tests of code that uses a store.
//
// The package is for tests only. It does not look for goroutines that a closed
// store leaves running: use goleak in the TestMain of the store.
package backendtest
