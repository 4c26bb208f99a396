// Package idempotency makes retried calls safe: the first call with an idempotency
// key runs, and every later call with that key gets the first call's answer.
//
// An [Engine] holds the rules and the state machine. It stands between a protocol
// and a store:
//
//	engine, err := idempotency.New(memstore.New())
//
// Servers guard their handlers with the package of their protocol:
// interceptor/idemgrpc, interceptor/idemconnect, interceptor/idemconnect2, httpmw or
// httpmw/idemgateway. Queue consumers and jobs call [Engine.Do]. An adapter for another
// protocol needs [Engine.Operation] and the methods of [Operation].
//
// # What a call gets
//
// A call is identified by its scope (who calls), operation and key. The engine
// claims the three in the store, on a lease. The record that it finds decides:
//
//	record                           the call gets
//	absent                           the claim: the handler runs
//	any, of another request          ErrKeyReused
//	running, lease alive             ErrInProgress, or waits (Policy.Wait)
//	running, lease expired           a takeover: the handler runs as the next
//	                                 attempt; or ErrOutcomeUnknown (Policy.OnAbandoned)
//	marked, lease alive              ErrInProgress, or waits (Policy.Wait)
//	marked, lease expired            ErrOutcomeNotKept, or what Policy.Rebuild makes
//	done                             the recorded outcome, marked as a replay
//	done, outcome not kept           ErrOutcomeNotKept
//	not readable by this version     ErrOutcomeUnreadable
//
// When the handler has answered, its [Verdict] decides what happens to the claim:
// the outcome is recorded, or the claim is released or abandoned. A claim is released
// only if its answer rules out that the handler had an effect, because a second
// effect is worse than an honest "unknown". Errors such as Unavailable and 502 mean
// that the outcome is unknown, because a proxy answers them when a connection broke
// after the effect. An error that was answered after the handler's context ended
// means the same, if its verdict would be [Release] or its code is generic (Internal,
// Unknown, 5xx). A handler that knows that it had no effect says so with
// [Execution.NoEffect].
//
// Put authentication, validation and rate limits outside the guard: a request that
// fails there then does not use up its key. A drawing is in
// https://github.com/oncewire/idempotency/blob/main/docs/verdicts.md#where-the-guard-goes.
//
// # What is promised
//
// For a given scope, operation and key, while the record is retained and the store
// loses no acknowledged write, at most one outcome is ever recorded, and every
// replay returns it. With OnAbandoned [Retry], the default, a handler whose process
// died, whose lease expired, or whose answer did not say what happened may run
// again, and can see that in [Execution.Recovered]. With OnAbandoned [Reject] a
// handler is started at most once per key, unless it said that it had no effect.
// After the retention a retry is a new request. Calls that run unprotected because
// the store failed ([WithFailOpen]) have no promise.
//
// Handlers get their key, attempt and token from [FromContext], and pass the
// protection on to the services that they call with [Execution.DeriveKey].
package idempotency
