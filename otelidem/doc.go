// Package otelidem tells OpenTelemetry what happens to calls with idempotency
// keys: as metrics, and on the span of the call.
//
//	observer, err := otelidem.NewObserver()
//	engine, err := idempotency.New(store, idempotency.WithObserver(observer))
//
// It needs the API of OpenTelemetry alone. Which SDK and exporter take the
// measurements is up to the program.
//
// # Metrics
//
// Names, units (UCUM) and attributes follow the style of the OpenTelemetry
// semantic conventions.
//
//	metric                        instrument       unit     attributes
//	idempotency.calls             counter          {call}   outcome, error.type
//	idempotency.claims.running    up-down counter  {claim}
//	idempotency.claims.ended      counter          {claim}  claim.end, retried
//	idempotency.handler.duration  histogram        s
//	idempotency.store.duration    histogram        s        store.step, error.type
//	idempotency.store.errors      counter          {error}  store.step, error.type
//	idempotency.wait.duration     histogram        s
//
// Every attribute but error.type begins with "idempotency.". All metrics have
// idempotency.operation as well, and what [WithAttributes] adds.
//
//   - idempotency.calls counts the calls that carry a key, or lack one that is
//     required. The outcome is claimed, taken_over, replayed, failed_open or
//     refused; error.type is then the reason in lower case, such as in_progress
//     or key_reused. A client that gives up while its call is being claimed has
//     no outcome, only a store error of the type canceled.
//   - idempotency.claims.running is how many handlers run under a claim.
//   - idempotency.claims.ended counts claims by their end: recorded, released,
//     abandoned, lease_lost or finish_dropped. Retried tells whether the
//     background brought it about. A claim has one end, with one exception: a
//     lease that was lost because the store was out of reach may find the store
//     again, and end as recorded too. Lost leases and dropped finishes are there
//     from the first call of an operation on, as zero, so that an alert sees the
//     first one as an increase.
//   - idempotency.handler.duration is how long handlers ran, whatever they
//     answered.
//   - idempotency.store.duration is how long the store took over a step: claim
//     or finish. It has the claims that were won, the finishes of the call
//     itself, and what failed, with its error.type; not heartbeats and not what
//     the background does.
//   - idempotency.store.errors counts the claims and finishes that failed, by
//     an error.type of timeout, canceled, store_full, store_closed, corrupt or
//     _OTHER. A finish that failed is retried in the background.
//   - idempotency.wait.duration is how long a call waited for another one, be
//     it then replayed or refused. A call that did not wait is not in it.
//
// # Spans
//
// The span in the call's context, which is the server's own span where a
// tracing interceptor or handler stands outside this library's, gets these
// attributes:
//
//	idempotency.outcome     as above
//	idempotency.replayed    true or false
//	idempotency.reason      of a refusal: as error.type above
//	idempotency.attempt     the number of the claim, where there is one
//	idempotency.key_digest  12 hexadecimal digits of the key's digest, as in the log
//
// and the events idempotency.taken_over, idempotency.failed_open,
// idempotency.lease_lost, idempotency.unscoped (see
// [idempotency.EventUnscoped]) and idempotency.finish_failed, the last with an
// error.type. Neither the raw key nor the text of an error is ever sent: the
// engine's log (WithLogger) has the text, under the same key digest.
package otelidem
