// Package redisstore holds idempotency records in Redis 6.2 or newer, or in
// Valkey, so that several processes share them. It works with one server, with
// servers that Sentinel monitors, and with a Cluster. A claim is a plain SET on
// Redis 7 and Valkey; older servers use a Lua script, detected at the first
// claim.
//
// A record is one key of Redis: a prefix and a digest, without any client text.
// The key has an expiry, except that of a finished record whose retention is
// [backend.Forever]. Leases are measured only by the clock of the Redis server.
//
// # What Redis can lose
//
// The promises of package backend hold as long as Redis does not lose an
// acknowledged write. It can lose writes in these cases:
//
//   - A failover, because replication is asynchronous. [WithMinReplicas] makes
//     this less likely.
//   - A restart without persistence, which loses all records.
//   - An eviction policy other than noeviction, which drops records when memory
//     is full.
//
// [Store.Check] warns of the last two. A lost claim can be won again, and its
// operation then runs twice.
//
// # The clock of the server
//
// Redis measures expiries by its wall clock. A forward step of that clock
// shortens every lease and retention by the length of the step, so a handler
// that is still running can be taken over. A backward step lengthens them, so
// the key of a process that has died stays blocked for longer. A failover to a
// server with a different clock has the same effect. Configure time
// synchronization to slew the clock instead of stepping it, and choose a lease
// that is longer than any step that can occur.
//
// # Timeouts
//
// Every step ends with its context, or after [WithTimeout] if that is earlier.
// Make the client's options with [PrepareOptions], for two reasons:
//
//   - It sets ContextTimeoutEnabled, without which go-redis ignores the deadline
//     of a context. The store still returns in time, but each step costs a
//     goroutine and some microseconds, and while Redis does not answer it
//     occupies a connection until the ReadTimeout of the client.
//   - It makes connections discard a claim that is not sent yet when its call
//     times out, instead of delivering it later.
//
// The first step on a new connection takes five round trips, and two more with
// TLS: connecting, three commands of go-redis (HELLO, CLIENT MAINT_NOTIFICATIONS,
// CLIENT SETINFO), and the step itself. If they take longer than the timeout of
// a step, no call with a key succeeds until a connection is made in time,
// because every attempt starts again. With round trips of 200 ms and a store
// timeout of 500 ms or 700 ms, none of 16 calls ran within 15 s. The engine
// releases claims made during these attempts when a step succeeds. Choose a
// timeout of at least ten round trips.
//
// # What a sealer protects
//
// With [WithSealer], outcomes are encrypted, and someone who can write to Redis
// but does not have the secret cannot forge one. The seals bind the outcome to
// the name of the record, including the prefix, and to its state, flags, token,
// attempt, fingerprint and retention. A finished record without valid seals is
// unreadable, except with [WithUnsealedReads], which is meant for a migration.
//
// A sealer does not protect against the following:
//
//   - Someone who can write to Redis can delete a record, change its expiry, or
//     restore an older record of the same key, running or finished. The operation
//     then runs again or stays blocked, or an earlier true outcome is replayed.
//   - Someone who can read Redis sees everything except outcomes: the number and
//     the lengths of records, their fingerprints and their tokens.
//   - A running record is not encrypted. Its claim is bound; its flags and its
//     retention, which steps change, are not. The seal of the claim is checked
//     when the finished record is read.
//
// # Permissions
//
// With the default prefix, a user of Redis with these permissions can run every
// command of a store, on a Cluster too:
//
//	ACL SETUSER app ~idem:* &idem:* +@connection +cluster|slots +cluster|shards +set +get +getrange +setrange +del +pttl +pexpire +eval +evalsha +publish +subscribe +unsubscribe +wait +info
//
// Without permission for the channels (&idem:*) waiting still works, but waiters
// poll every 100 ms instead of every 2 s.
package redisstore
