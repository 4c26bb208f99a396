// Package otelidem reports to OpenTelemetry what happens to calls with idempotency
// keys, in metrics and on the spans of the calls.
//
//	observer, err := otelidem.NewObserver()
//	engine, err := idempotency.New(store, idempotency.WithObserver(observer))
//
// It imports only the API of OpenTelemetry. The program chooses the SDK and the
// exporter.
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
// The names of all attributes except error.type begin with "idempotency.". All
// metrics also have idempotency.operation, and the attributes of [WithAttributes].
//
//   - idempotency.calls counts the calls that have a key, or that have none where
//     one is required. The outcome is claimed, taken_over, replayed, failed_open
//     or refused. For refused, error.type is the reason in lower case, such as
//     in_progress or key_reused. A call whose client gives up during the claim is
//     not counted; it is only a store error of the type canceled.
//   - idempotency.claims.running is the number of handlers that run under a claim.
//   - idempotency.claims.ended counts claims by their end: recorded, released,
//     abandoned, lease_lost, finish_dropped or commit_failed. Retried is true if
//     the claim was finished by a retry in the background. A claim ends once, with
//     one exception: a lease that was lost because the store could not be reached can later also
//     end as recorded. The series of lease_lost and finish_dropped start at zero
//     with the first call of an operation, so that an alert sees the first one as
//     an increase.
//   - idempotency.handler.duration is how long handlers ran, whatever they
//     answered.
//   - idempotency.store.duration is how long a step of the store took: claim or
//     finish. It includes successful claims, finishes without a retry, and failed
//     steps, with their error.type. It does not include heartbeats and retries in
//     the background.
//   - idempotency.store.errors counts failed claims and finishes. The error.type is
//     timeout, canceled, store_full, store_closed, corrupt or _OTHER. A failed
//     finish is retried in the background, except for a commit.
//   - idempotency.wait.duration is how long a call waited for another one before
//     it was replayed or refused. Calls that did not wait are not included.
//
// # Spans
//
// The span in the context of the call gets these attributes. It is the span of the
// server if a tracing interceptor or handler is outside the guard.
//
//	idempotency.outcome     as above
//	idempotency.replayed    true or false
//	idempotency.reason      the reason of a refusal, like error.type above
//	idempotency.attempt     the number of the attempt, if there is one
//	idempotency.key_digest  12 hexadecimal digits of the key's digest, as in the log
//
// It also gets the events idempotency.taken_over, idempotency.failed_open,
// idempotency.lease_lost, idempotency.unscoped (see [idempotency.EventUnscoped]),
// and, with an error.type, idempotency.finish_failed and idempotency.commit_failed.
// Keys and the texts of
// errors are never sent. The log of the engine ([idempotency.WithLogger]) has the
// texts, with the same key digest.
package otelidem
