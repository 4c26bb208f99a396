// Package memstore holds idempotency records in the memory of one process.
//
// Use it for a service that runs as one process, and for tests. It keeps every
// promise of package backend by the monotonic clock of the process. The records
// end with the process: if a retry can reach another process, or the same
// service after a restart, use redisstore.
//
// A Store is safe for concurrent use. It has no goroutine, and a timer only
// while it holds records that will expire.
package memstore
