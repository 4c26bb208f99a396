// Package httpmw guards an [http.Handler] with idempotency keys: the first request
// with a key runs, and every later request with the key gets the same answer,
// marked with Idempotent-Replayed: true.
//
//	guard, err := httpmw.New(engine)
//	...
//	http.ListenAndServe(address, guard.Wrap(mux))
//
// It follows draft-ietf-httpapi-idempotency-key-header-07. Refusals are problem
// details (RFC 9457); see [WriteRefusal].
//
// # Which requests are guarded
//
// Requests that have a key and one of the methods of [WithMethods]. Their body is
// read, up to [WithMaxRequest], before the handler runs, because the fingerprint
// must show whether the key belongs to this request. Every other request is passed
// on unchanged, with the server's own ResponseWriter and Request.
//
// Calls over gRPC and gRPC-Web and streams over Connect are also passed on
// unchanged: their status is in the trailers or in the body, and packages idemgrpc
// and idemconnect guard them. Such a call has all of
//
//   - the method POST,
//   - the content type application/grpc, application/grpc-web or
//     application/grpc-web-text, each also with +CODEC, or
//     application/connect+proto or application/connect+json,
//   - a path of exactly /package.Service/Method, including the package.
//
// So no other route should have a path of that form.
//
// On any other path such a content type does not disable the guard: a request with
// a key is refused (400 NOT_SUPPORTED) and does not run, and a request without a
// key is refused where a key is required. Mount RPCs that have another path, with a
// prefix or without a package, outside this middleware. If only this middleware
// guards a Connect service, calls to it over gRPC are not guarded; use idemconnect
// for such a service.
//
// A request that only offers an upgrade is guarded, because some clients offer h2c
// with every request. If the handler takes the connection over, its answer is not
// recorded. CONNECT is never guarded. If two guards around one handler use the same
// record, the inner guard runs under the claim of the outer guard.
//
// # Which requests are the same
//
// A key belongs to one request, and is refused for any other request (422
// KEY_REUSED). Method and path are the operation. The fingerprint of a request
// contains
//
//   - the host, so that a site never returns the answer of another site; for
//     replicas with different names see [WithHost],
//   - the path as it was received, so that two mounts of one handler under
//     [http.StripPrefix] are different,
//   - the fields of [WithFingerprintHeaders],
//   - the query as it was sent: the order of parameters may have a meaning,
//   - the content type and the content coding,
//   - the body.
//
// A multipart body is compared part by part: names, file names, types, bytes and
// order of the parts. Its boundary is not compared, because clients choose a new one
// for every attempt. A multipart body that is not strictly well-formed, or has more
// than 1000 parts, is compared as bytes. A JSON body is compared as bytes too, unless
// [WithCanonicalJSON] is set. [WithFingerprint] replaces the comparison.
//
// # What the first caller gets
//
// Exactly what the handler writes, when it writes it: interim (1xx) answers, header,
// body, flushes and trailers. The ResponseWriter has Flush, Hijack and Push if the
// server's has them, and always ReadFrom, WriteString and Unwrap, so that
// [http.ResponseController] works.
//
// If the client hangs up, the handler's context is cancelled, unless the operation's
// policy has Detached. Writes still succeed as long as the answer is recorded, so
// that the handler can finish it. A flush returns the true error.
//
// An outer middleware finds in its request what the handler set there: the forms,
// the route (Pattern) and its path values.
//
// # Verdicts
//
// The key is released only after an answer that cannot follow an effect. Any other
// answer is recorded, unless it does not say whether the request had an effect: then
// the claim is abandoned, and OnAbandoned in the operation's policy decides about
// the next request. A [Classifier] decides by the status; [DefaultClassifier] is the
// default:
//
//	released   401, 405, 408, 425, 429, 501
//	abandoned  499, 502, 503, 504, and a panic, which continues
//	recorded   every other status, also 500
//
// These rules come before the classifier and before Verdicts in the operation's
// policy:
//
//   - A handler that calls NoEffect of its [idempotency.Execution] releases the key.
//   - The refusal of the same call by an inner guard, in this process or behind a
//     proxy, releases the key. It is recognised by the mark in its field
//     Idempotency-Refused, which is valid for one operation and key only, and by a
//     status of 400 or more.
//   - A 404 of an [http.ServeMux] that was given to [Middleware.Wrap], and has no
//     route for the request, releases the key. Any other 404 is recorded. For other
//     routers use [NoEffect].
//   - A handler that returns without writing anything after its context ended
//     abandons the claim: the implicit 200 is ignored.
//
// If the handler's context has ended, the engine abandons the claim instead of
// releasing it, and also after every status of 500 or more: such an answer is
// usually caused by the cancellation.
//
// An answer is recorded without its outcome if it took the connection over, is
// larger than [WithMaxResponse], is shorter than its Content-Length, is a stream of
// events (text/event-stream) that was flushed, or was flushed without a
// Content-Length by a handler whose context ended. The request has run, and later
// requests with its key get 409 OUTCOME_NOT_KEPT. Every other flushed answer is
// recorded, so an answer that a proxy passes on piece by piece is replayed whole.
//
// # In a transaction
//
// With [idempotency.Policy.Transaction] the answer is held, and sent when the
// transaction has been committed. Until then nothing of it reaches the client:
//
//   - The ResponseWriter has no Flush, Hijack and Push. Interim answers are dropped.
//   - An answer that is larger than [WithMaxResponse], shorter than its Content-Length
//     or a change of protocols cannot be held. The request is refused (400
//     NOT_SUPPORTED), and nothing is committed.
//   - A status of 400 or more is an error: what the handler wrote is rolled back.
//   - If the commit fails, the client gets 503 ROLLED_BACK or 503 COMMIT_UNKNOWN with
//     Retry-After, and nothing that the handler set.
//
// # What is stored
//
// Status, body, and what the handler did to the header and the trailers. Fields that
// an outer middleware set before are not part of the record, because it sets them
// for every request: a replay has the fields of its own request, without those that
// the handler deleted, with the values that it added, and with its values where it
// replaced them. In any spelling of their names, these fields are never stored:
//
//   - hop-by-hop fields (RFC 9110, section 7.6.1) and those that Connection names,
//   - Date, Age, Authentication-Info, and Content-Length, which a replay computes
//     from the body,
//   - Set-Cookie and Set-Cookie2, unless [WithSetCookie] is set,
//   - the fields of [WithUnrecordedFields], by default [DefaultUnrecordedFields],
//   - the replay marker and Idempotency-Refused of an inner layer.
//
// # Where to put it
//
// See the drawing in
// https://github.com/oncewire/idempotency/blob/main/docs/verdicts.md#where-the-guard-goes.
// From the outside in:
//
//  1. panic recovery, logging, metrics and tracing, which see every request and every
//     replay, and which [ReplayedContext] tells that an answer is one;
//  2. compression, which suits each caller, and time limits: a time limit inside the
//     guard answers 503 while its handler still runs, which abandons the claim;
//  3. authentication, which provides what the engine's WithScope reads;
//  4. authorization, rate limits and validation: a 403, 429 or 400 does not use up the
//     key, so that the client can send a corrected request with it;
//  5. this middleware;
//  6. what must run once with the handler, such as a transaction, and the handler.
//
// A layer outside the guard that reads the request's body must put it back: the guard
// cannot distinguish a body that was consumed from an empty one.
package httpmw
