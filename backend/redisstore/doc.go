// Package redisstore keeps idempotency records in Redis 6.2 or newer, or in
// Valkey, so that many processes share them: on one server, on servers that
// Sentinel watches, or on a Cluster. Redis 7 and Valkey answer a claim with a
// plain SET; older servers run a script for it.
//
// A record is one key: a prefix and a digest, with no text of any client in
// it. It always has an expiry, unless it is finished and was to be kept for
// ever. Leases run by the clock of the Redis server alone.
//
// # What Redis can lose
//
// The promises of package backend hold as long as Redis keeps what it has
// acknowledged. It does not always: replication is asynchronous, so that a
// failover can lose the last claims ([WithMinReplicas] narrows that gap),
// a restart without persistence loses all, and so does an eviction policy
// other than noeviction, little by little ([Store.Check] warns of both).
// A claim that is lost can be won again, and then its operation runs twice.
//
// # The clock of the server
//
// Redis counts expiries by its wall clock. A step of that clock forward ends
// that much of every lease and every retention at once: a handler that still
// runs may be taken over. A step back makes them that much longer, so that the
// key of a process that died stays blocked. A failover to a server whose clock
// differs has the same effect. Let the servers slew their clocks, and make the
// lease longer than a step that can happen.
//
// # Timeouts
//
// Every step ends with its context, or after [WithTimeout] if that is sooner.
// Make the client's options with [PrepareOptions]. It sets
// ContextTimeoutEnabled, without which go-redis does not heed the deadlines of
// contexts: the store still keeps its time then, but each step costs a
// goroutine, some microseconds, and if Redis hangs, a connection until the
// client's own ReadTimeout. And it makes connections that do not deliver a claim
// after its call has given up waiting for it.
//
// The first step on a new connection takes five round trips, two more with TLS:
// connecting, what go-redis asks first (HELLO, CLIENT MAINT_NOTIFICATIONS, CLIENT
// SETINFO), and the step. If they do not fit into the time of a step, no call
// with a key succeeds until a connection is made in time, as each attempt starts
// from the beginning: with round trips of 200 ms and a store timeout of 500 ms
// or 700 ms, none of 16 calls was run in 15 s. Claims that were made on the way
// are released by the engine when a step gets through. So give a step ten round
// trips.
//
// # What a sealer protects
//
// With [WithSealer] the outcome is encrypted, and whoever can write to Redis but
// has no secret can forge no answer: the seals bind the outcome to the record's
// name, with the prefix, and to its state, flags, token, attempt, fingerprint
// and retention. A finished record whose seals do not fit is unreadable, and so
// is one without seals ([WithUnsealedReads] is for a migration).
//
// Some things cannot be protected there. Who can write to Redis can delete
// records, end or prolong them by changing their expiry, and put an older record
// of the same key in place, finished or running; then operations run again, or
// stay blocked, or an answer is replayed that was once the true one. Who can
// read sees all but outcomes: how many records there are, how long they are,
// their fingerprints and tokens. A running record is not encrypted; its claim
// is bound, and its flags and retention, which steps change, are not. The seal
// of a claim is checked when the finished record is read.
//
// # Permissions
//
// With the default prefix, this lets a user of Redis do all that a store does,
// on a Cluster as well:
//
//	ACL SETUSER app ~idem:* &idem:* +@connection +cluster|slots +cluster|shards +set +get +getrange +setrange +del +pttl +pexpire +eval +evalsha +publish +subscribe +unsubscribe +wait +info
//
// Without the channels (&idem:*) callers still learn of the end of what they
// wait for, but waiters poll every 100 ms instead of every 2 s.
package redisstore
