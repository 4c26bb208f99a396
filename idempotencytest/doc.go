// Package idempotencytest is for tests of a service that this library makes
// idempotent. It imports the standard library and this module only, and works
// with every protocol and in testing/synctest bubbles.
//
// # Does it happen once?
//
// [AssertOnce] makes the same call several times, at once and one after another,
// with one key. It requires that the effect happened once and that all answers
// are equal. [AssertHTTPOnce] does the same for a handler or a server over HTTP.
// [RequireReplayed] looks for the marker of a replay in the header of one answer.
//
//	idempotencytest.AssertOnce(t, ledger.Len, func(ctx context.Context, key string) (*pb.Payment, error) {
//		return client.Pay(metadata.AppendToOutgoingContext(ctx, "idempotency-key", key), request)
//	}, idempotencytest.WithEqual(proto.Equal))
//
// # What if the store fails, or a process dies?
//
// Give the service's engine a [Store] instead of the real one. It is in memory,
// and does what a test cannot make a real store do at the right moment:
//
//	store.Advance(31 * time.Second)               // a lease ends, without sleeping
//	store.Fail(err, idempotencytest.Complete)     // outcomes cannot be recorded
//	store.LoseReplies(1, idempotencytest.Claim)   // the claim is made, its reply is lost
//	store.Hang()                                  // nothing is answered
//	store.Recover()                               // all of that ends
//	store.Crash()                                 // the processes of all running calls die
//	store.CrashNext()                             // that of the next call dies before it records
//
// What a call gets after each of them is in the table of package idempotency.
//
// # Time
//
// The clock of a Store runs like that of the process, or of the bubble in which
// the test runs, and [Store.Advance] moves it on. Only leases, retentions and
// waiting for a lease follow it. The engine's own times do not: heartbeats, the
// longest wait (Policy.Wait), time limits of the store's steps, and pauses
// between retries. To control these too, run the test in a bubble
// (testing/synctest) and sleep instead.
package idempotencytest
