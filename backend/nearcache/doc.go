// Package nearcache replays outcomes without a round trip. It caches finished
// records in the memory of this process, in front of any [backend.Store]:
//
//	store, err := nearcache.New(redisstore)
//	engine, err := idempotency.New(store)
//
// A finished record does not change until its retention ends, so a cached record
// is correct as long as it is not cached for longer than that. The end of the
// retention is known in two cases:
//
//   - This process has run the call and completed the record. The record is
//     cached from then on.
//   - Another process has finished the record, and the store implements
//     [backend.Remaining]. The first replay reads the remaining retention in a
//     second round trip. Without backend.Remaining such records are not cached.
//
// A running record is never returned from the cache. A store whose handlers run in
// transactions keeps them: the outcome is cached when it is committed.
//
// A cached record is dropped after 99.9 % of the remaining retention, because
// the clocks of the store and of this process can differ in speed. It is dropped
// as soon as either the monotonic or the wall clock has reached that time, since
// the monotonic clock can stop while the machine sleeps.
//
// After removing a finished record from the store by hand, call Purge in every
// process; after emptying the store, PurgeAll.
package nearcache
