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
//	running, lease lapsed            a takeover: the handler runs as the next
//	                                 attempt, or ErrOutcomeUnknown (WithOnAbandoned)
//	done                             the recorded outcome, marked as a replay
//	done, outcome not kept           ErrOutcomeNotKept
//	any, for another request         ErrKeyReused
//
// After the handler ran, its [Verdict] decides whether the outcome is
// recorded, the claim released or the claim abandoned.
//
// # What is promised
//
// For a given scope, operation and key, while the record is retained and the
// store loses no acknowledged write, at most one outcome is ever recorded, and
// every replay returns it. Under OnAbandoned(Retry), the default, a handler
// whose process died or whose lease lapsed may run again; under
// OnAbandoned(Reject) a handler is started at most once per key. After the
// retention a retry is a new request.
//
// Handlers see their key, attempt and token with [FromContext], and carry the
// protection to the services they call with [DeriveKey].
package idempotency
