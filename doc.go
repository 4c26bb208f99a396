// Package idempotency makes a retried call safe: the first call with an
// idempotency key runs, and every later one gets the first one's answer.
//
// An [Engine] holds the rules and the state machine. It stands between a
// protocol and a store:
//
//	engine, err := idempotency.New(memstore.New())
//
// Servers put it behind the package of their protocol: interceptor/idemgrpc,
// interceptor/idemconnect, httpmw and httpmw/idemgateway. Queue consumers and
// jobs call [Engine.Do]. Another protocol is added with [Engine.ParseKey] and
// [Engine.Run], which is all that the packages above use.
//
// # What happens to a call
//
// A call is known by its scope (who calls), operation and key. The engine
// claims the three in the store, on a lease, and then:
//
//	record is                        the caller gets
//	absent                           the claim: the handler runs
//	running, lease alive             ErrInProgress, or waits (WithWait)
//	running, lease expired           a takeover: the handler runs as the next
//	                                 attempt, or ErrOutcomeUnknown (WithOnAbandoned)
//	done                             the recorded outcome, marked as a replay
//	done, outcome not kept           ErrOutcomeNotKept
//	any, for another request         ErrKeyReused
//
// After the handler ran, its [Verdict] decides whether the outcome is
// recorded, the claim released or the claim abandoned. Only what cannot follow
// an effect is released: a second charge is worse than an honest "unknown".
// Errors such as Unavailable and 502 mean that the outcome is unknown, since a
// proxy answers them when a connection broke after the effect. So does an error
// answered after the handler's context has ended, if it would otherwise be
// released or names no cause. A handler that knows better says so with
// [DoNotRecord].
//
// Put validation and authorization before the guard: a request that fails them
// then does not use up its key.
//
// # What is promised
//
// For a given scope, operation and key, while the record is retained and the
// store loses no acknowledged write, at most one outcome is ever recorded, and
// every replay returns it. Under OnAbandoned(Retry), the default, a handler
// whose process died, whose lease expired, or whose answer did not say what
// happened may run again, and is told so (Recovered); under OnAbandoned(Reject)
// a handler is started at most once per key, unless it said that it had no
// effect. After the retention a retry is a new request.
//
// Handlers see their key, attempt and token with [FromContext], and carry the
// protection to the services they call with [DeriveKey].
package idempotency
