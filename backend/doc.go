// Package backend defines the contract between the engine and the stores that
// hold idempotency records.
//
// Users of the library choose a store: [memstore] holds records in the memory
// of one process, redisstore in Redis, where several processes share them.
// Authors of a store implement the four methods of [Store] and test them with
// package backendtest, which has one group of tests for each promise below.
//
// # Records
//
// A key has at most one record. A running record belongs to a claim and has no
// outcome yet. A finished record holds an outcome. A marked record, which only a
// [HandlerTransaction] makes, has no outcome yet either, and is never taken over.
// Two times limit a record:
//
//   - The lease is how long a claim is protected. When the lease has expired,
//     the record is still stored, and another claim may take it over.
//   - The retention is how long a record is stored: after the lease of a
//     running record, or after the completion of a finished record. When the
//     retention has ended, the record is absent: no method returns, extends,
//     completes or releases it.
//
// # Promises
//
// Every method is atomic for its key and safe for concurrent use.
//
//  1. Claim of an absent key wins: it stores and returns a running record with
//     the token of the claim.
//  2. Claim of a running or finished record changes nothing and returns the
//     stored record. Promise 3 is the only exception.
//  3. Claim with Replaces wins a running record if the record has the token
//     Replaces and its lease has expired. It never replaces a record whose
//     lease has not expired, that has another token, or that is finished. If
//     several claims name the same expired token, exactly one of them wins.
//  4. Claim that finds its own token in the record has won, even if the same
//     claim is sent several times.
//  5. The lease starts when the store applies the claim. It is measured by one
//     clock, which all callers of the store share. After the lease has expired,
//     the record remains stored as running for the retention of the claim, so
//     that the next claim can tell a takeover from a first call.
//  6. Extend restarts the lease from now; the retention follows it. Extend also
//     renews an expired lease if no claim has taken the record over. A lease of
//     zero expires immediately.
//  7. Complete turns the running record into a finished record that holds the
//     outcome, byte for byte. The retention of the outcome starts now. Complete
//     succeeds after the lease has expired if no claim has taken the record
//     over.
//  8. Complete that finds its own token in a finished record succeeds and
//     changes nothing: neither the outcome nor the retention.
//  9. Release removes the running record, so that the next claim wins. Release
//     of an absent record succeeds. Release never removes a finished record.
//  10. Extend, Complete and Release return [ErrClaimLost] and change nothing if
//     the record has another token. So do Extend and Complete of an absent
//     record, and Extend and Release of a finished record.
//  11. A finished record is absent after its retention. The retention [Forever]
//     never ends.
//  12. The store frees absent records by itself, without further calls. After
//     Close, a store leaves no goroutine and no timer running.
//  13. A method that returns any other error may or may not have been applied.
//     It is safe to repeat it, unless the claim was released in the meantime.
//     If the context has ended, the error wraps the error of the context.
//  14. Outcomes are immutable: neither the store nor its callers change the
//     bytes after passing them on, so neither side needs a copy.
//
// A store can offer more by implementing an optional interface: [Waiter] and
// [Transactor], which the engine detects, and [Remaining], which caches detect. A
// store whose database handlers use too can let them finish their claim in their own
// transaction, as a [HandlerTransaction]. Complete and Extend then treat a [Marked]
// record like a running one, and Claim and Release like a finished one.
//
// # Transactions
//
// A [Transactor] promises more. It is where an effect happens exactly once: inside
// the store's own database, in the transaction that Begin opens.
//
//  15. Begin of an absent key, or of an expired claim that it replaces, wins. No
//     other caller sees its record before the commit. If the transaction is rolled
//     back, also because the process or the connection ended, the record that was
//     there before, or none, is there again. The claim needs no heartbeat.
//  16. While the transaction is open, every other Begin of the key returns
//     [ErrLocked] without waiting, and Wait with the zero token returns when that
//     transaction has ended. Begin and Claim with a context of the open transaction
//     itself return its running record. Any other Claim does not see the
//     transaction; if it or a late owner stores a record meanwhile, Commit returns
//     [ErrNotCommitted]. If an expired claim is being replaced, a Begin that does
//     not replace it may return its record.
//  17. Commit stores the outcome as Complete does, together with everything that the
//     handler wrote in the transaction, or without it after DiscardWrites: either
//     both or neither.
//  18. Commit returns [ErrNotCommitted] only if neither is stored, nor ever will be.
//     It returns nil only if both are. If the connection is lost meanwhile, the
//     store finds out which, as long as its context allows.
//  19. Begin of a key that is finished or runs under a lease returns its record and
//     no transaction, as Claim does, and holds nothing.
//
// [memstore]: https://pkg.go.dev/github.com/oncewire/idempotency/backend/memstore
package backend
