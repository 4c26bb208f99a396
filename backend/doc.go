// Package backend is the contract between the engine and the stores that
// remember what became of a key.
//
// Users of the library only choose a store: [memstore] keeps records in this
// process, redisstore shares them between processes. Authors of a store
// implement [Store], four methods, and prove them with the suite in
// backendtest, which has one test for each promise below.
//
// # Promises
//
// A record is absent, running or finished. Every method is atomic for its key
// and safe for concurrent use. What has expired is absent: no method ever
// shows, extends, completes or releases it.
//
//  1. Claim of an absent key wins: the record is now running under the
//     claim's token, and is returned.
//  2. Claim of a running or finished record changes nothing and returns what
//     stands there, unless promise 3 says otherwise.
//  3. Claim with Replaces wins a running record whose token is Replaces and
//     whose lease has lapsed. It never replaces a living lease, another token
//     or a finished record. Of any number of claims that name the same lapsed
//     token, one wins.
//  4. Claim that meets its own token has won, however often it is sent.
//  5. The lease runs from the moment the store applied the claim, by one
//     clock that all callers of the store share. When it lapses the record
//     stays, running with a lapsed lease, for the claim's retention: a
//     takeover is seen as a takeover.
//  6. Extend makes the lease run anew from now, and the retention after it.
//     A lapsed lease that nobody took over is alive again. A lease of zero
//     lapses it at once.
//  7. Complete turns the running record into a finished one that holds the
//     outcome, byte for byte, for the retention from now on. A lapsed lease
//     does not matter so long as nobody took it over.
//  8. Complete that meets its own token on a finished record has succeeded,
//     and changes nothing: neither the outcome nor the time it is kept.
//  9. Release removes the running record: the next claim wins. Release of an
//     absent record has succeeded. It never removes a finished record.
//  10. A token that does not stand in the record gets [ErrClaimLost] from
//     Extend, Complete and Release, and changes nothing. So does Extend or
//     Complete of an absent record, and Extend or Release of a finished one.
//  11. A finished record is absent once its retention is over. A retention of
//     [Forever] is never over.
//  12. What expires is freed without anybody asking for it, and a closed
//     store leaves nothing running.
//  13. A method that fails with any other error may or may not have been
//     applied; sending it again is safe, so long as the claim has not been
//     released meanwhile. When the context has ended, the error wraps the
//     context's.
//  14. Outcomes are immutable: neither the store nor its callers change the
//     bytes after they have been handed over, so no side needs a copy.
//
// A store that can do more says so by implementing an optional interface:
// [Waiter], which the engine detects, and [Remaining], which caches detect.
//
// [memstore]: https://pkg.go.dev/github.com/oncewire/idempotency/backend/memstore
package backend
