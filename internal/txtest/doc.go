// Package txtest is a store in memory that runs handlers in transactions, for tests.
// Beside its records it has a ledger of texts, which is the database of the handlers:
// what a handler enters with [Write] is committed together with its outcome. Functions
// of the store make a step fail.
package txtest
