// Package idemconnect2 guards the unary methods of a server of connect-go version 2
// with idempotency keys, over the Connect, gRPC and gRPC-Web protocols, with any
// codec, and in process:
//
//	engine, err := idempotency.New(memstore.New())
//	guard, err := idemconnect2.NewServerInterceptor(engine)
//	server := connect.NewServer(auth, limit, validate, guard)
//	paymentsv1connect.RegisterPaymentServiceHandler(server, service)
//	connecthttp.Mount(mux, server)
//
// A call has its key in the header Idempotency-Key. The first call with a key runs.
// Later ones get its message or error, with details, headers and trailers. A
// replayed message is marked "Idempotent-Replayed: true" in the headers. A replayed
// error is marked so too, over gRPC and gRPC-Web in the trailers.
//
// Clients send keys, and calls again, with [NewClientInterceptor], or set the header
// themselves:
//
//	retries, err := idemconnect2.NewClientInterceptor()
//	transport := connecthttp.NewTransport(http.DefaultClient, url)
//	client := paymentsv1connect.NewPaymentServiceClient(connect.NewClient(transport, retries))
//
// [Refusal] and [Replayed] read what the server says.
//
// A method whose request has a field with the option (idempotency.v1.field).key also
// takes the key from there, and with [idempotency.KeyRules] from the fields of AIP-155
// and AIP-4235. The same key in either place is the same call. Two different keys are
// refused with [idempotency.ErrKeyInvalid]. The client interceptor fills these fields.
//
// # Errors
//
// After an error, the next call with the key depends on the verdict, which
// [DefaultClassifier] returns unless [WithClassifier] or a policy says otherwise:
//
//   - Unauthenticated, Unimplemented, ResourceExhausted and Aborted release the
//     claim, since they cannot follow an effect: the next call runs. So does an error
//     whose handler called [idempotency.Execution.NoEffect].
//   - Canceled, DeadlineExceeded and Unavailable abandon the claim: it is unknown
//     whether the call had an effect, and [idempotency.Policy] decides by its
//     OnAbandoned about the next call. The same applies to Internal, Unknown and
//     every error that would release, if the handler's context had ended.
//   - Every other error is recorded and replayed.
//
// An error without a code has the code with which connect-go sends it. Connect-go
// sends no text of such an error, and nothing of an error that another server made
// ([connect.Error.IsRemote]), whose client gets Internal. What it sends is recorded.
// The verdict is that on the error itself.
//
// # Requests and answers
//
// The guard receives the request before it runs the handler, since the request is a
// part of the claim, and hands it over in the handler's first Receive. It does so only
// for calls that may have a key: a key that is malformed, or missing where keys are
// required, is refused before the body is read. So a method needs a protobuf schema:
// in its Spec, as generated code has it, or linked into the program. Otherwise a call
// with a key is refused with [idempotency.ErrNotSupported].
//
// The message that a handler sends goes out when the handler has returned and its
// answer is recorded. Until then it must not be changed, as with connectinprocess.
//
// # Order of interceptors
//
// Authentication belongs outside the guard, since the scope of a key comes from the
// context. So do authorization, rate limiting and validation (such as
// protovalidate): a request that fails them does not use up its key. So do
// interceptors that count, log or trace, which then see replays, and which
// [ReplayedContext] tells that an answer is one. A drawing is in
// https://github.com/oncewire/idempotency/blob/main/docs/verdicts.md#where-the-guard-goes.
//
// An outer interceptor sees a replay like a first answer: its stream receives the
// request and sends a message of the same Go type, which it may change.
//
// Interceptors that change a request belong inside the guard, and so does what must
// run once with the handler, such as a transaction.
//
// The interceptor may be installed twice, also around the guard of another engine.
//
// # In a transaction
//
// With [idempotency.Policy.Transaction] the answer is sent when the transaction has been
// committed. After an error status, what the handler wrote is rolled back.
// If the commit fails, the client gets neither the answer nor metadata that the handler
// set, but Unavailable with the reason ROLLED_BACK or COMMIT_UNKNOWN and a RetryInfo.
//
// # Server streams
//
// A server stream with a key is guarded if [idempotency.Policy.MaxMessages] or the option
// max_messages of its schema says so. Its messages are recorded while they are sent, up
// to that number and to the maximum response, and are replayed in order with headers,
// trailers and the final error. A longer stream reaches its caller and is not kept. If a
// message cannot be sent, because the client hung up, the claim is abandoned. A panic
// abandons it too. A stream is not guarded in a transaction, whose commit comes after
// the messages; it is refused if it has a key.
//
// # What is not guarded
//
// Methods marked NO_SIDE_EFFECTS in their schema (which includes every Connect GET),
// health checks and reflection pass unguarded. Other streams with a key are
// refused, also those of [connect.Server.SetUnknownHandler]: a key must not be ignored.
//
// Packages idemconnect, for version 1, and idemgrpc record and replay in the same
// form: on one store, each replays the calls of the others.
package idemconnect2
