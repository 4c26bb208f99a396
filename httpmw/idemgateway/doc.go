// Package idemgateway makes grpc-gateway work with idempotency keys. It forwards
// the key to the service, returns the replay marker, and writes refusals as
// package httpmw does. A guard can stand in three places:
//
//   - at the service (recommended): an interceptor of package idemgrpc or
//     idemconnect;
//   - at the edge: package httpmw around the gateway;
//   - in process: an interceptor of package idemgrpc in an [InProcess] connection, or
//     package httpmw as a middleware of the mux.
//
// # At the service
//
// The interceptor guards the service, and the options of this package connect the
// gateway to it:
//
//	guard, err := idemgrpc.NewInterceptor(engine)
//	server := grpc.NewServer(grpc.ChainUnaryInterceptor(guard.Unary))
//
//	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
//	paymentsv1.RegisterPaymentServiceHandlerFromEndpoint(ctx, mux, address, dialOptions)
//	http.ListenAndServe(address, mux)
//
// This is the recommended setup for two reasons. All protocols share one record, so a
// call over REST that is retried over gRPC is a replay, and so is the reverse. And the
// outcome is recorded even if the gateway never receives the answer.
//
// The options have these effects:
//
//   - The key reaches the service in its metadata.
//   - A replay has the header field Idempotent-Replayed: true, also if it is an error.
//   - A refusal is answered with the status that package httpmw uses, and with
//     problem details (RFC 9457) or what [WithRefusalWriter] writes.
//
// Without them the gateway drops the key, renames the marker to
// Grpc-Metadata-Idempotent-Replayed, drops the marker of an error, and answers 400
// where 422 or 409 is correct. [Check] detects a mux that drops the key.
//
// Limits:
//
//   - The gateway cannot replay while the service is down.
//   - The record holds the message, and the gateway encodes it again for each
//     answer. A client that accepts another content type gets another body.
//   - A key on a server-streaming method is refused with the gateway's own 400,
//     because grpc-gateway does not pass the errors of such a stream to the error
//     handler.
//
// # At the edge
//
// Package httpmw guards the gateway. The service needs no support for keys:
//
//	guard, err := httpmw.New(engine, idemgateway.MiddlewareOptions()...)
//	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
//	http.ListenAndServe(address, guard.Wrap(mux))
//
// A replay has the bytes of the first answer and does not need the service.
//
// Limits:
//
//   - If the answer of the service is lost, the edge cannot know what the service
//     did. The gateway answers 503, which abandons the claim. The next call then
//     runs with Recovered set (see [idempotency.Execution]), or is refused under
//     OnAbandoned(Reject). Only a guard at the service can replay that answer.
//   - Calls that arrive over gRPC are not guarded, and a call over gRPC never
//     replays one over REST.
//   - Fingerprints are made of the body, not of the message; see
//     [httpmw.WithCanonicalJSON].
//   - The verdict depends on the HTTP status to which the gateway maps the code; see
//     [httpmw.DefaultClassifier]. Two answers are released in addition: Aborted,
//     which shares 409 with AlreadyExists, and every request for which the gateway
//     has no route.
//   - A POST with X-HTTP-Method-Override is guarded as a POST.
//
// # At both
//
// Guards at the service and at the edge work together, also on one engine. Each
// has its own record. The edge does not record a refusal by the service: it
// recognises the refusal by a mark, which belongs to one operation and key, and
// [ErrorHandler] marks the answer again for the edge. A refusal that the handler of
// the service received for another call is recorded like any other error.
//
// # In process
//
// A gateway can call a service of its own process without a network. The best way is
// an [InProcess] connection, which runs interceptors around the service:
//
//	guard, err := idemgrpc.NewInterceptor(engine)
//	local := idemgateway.NewInProcess(guard.Unary)
//	paymentsv1.RegisterPaymentServiceServer(local, service)
//
//	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
//	client := paymentsv1.NewPaymentServiceClient(local)
//	paymentsv1.RegisterPaymentServiceHandlerClient(ctx, mux, client)
//
// Everything is then as with a guard at the service: policies and the options of the
// schema apply, the key may be in the message, and a retry over gRPC is a replay.
//
// RegisterXHandlerServer calls the service without a connection, so no interceptor
// runs. The guard is then a middleware of the mux: see [ServiceMiddleware]. A request
// to a route of the service has the operation, the policies and the schema of its RPC.
// It has the limits of a guard at the edge otherwise, since a middleware sees HTTP, and
// neither the message nor the answer of the service:
//
//   - A key in the request message is not read.
//   - The record has an HTTP answer. A retry over gRPC is refused with
//     [idempotency.ErrOutcomeUnreadable], and so is the reverse. It is not run again.
//   - Requests of one RPC are compared by path and body: one key for two paths is
//     refused with [idempotency.ErrKeyReused].
//   - Verdicts of a policy by gRPC status code do not apply.
//
// [Middleware] guards all routes by method and path, and knows of no schema: with
// [idempotency.KeyRequired] for "*", every POST and PATCH of the mux needs a key, and
// with KEY_MODE_REQUIRED in a schema none does.
//
// # In a transaction
//
// A guard with [idempotency.Policy.Transaction] stands in the process of the handler:
// at the service or in process. At the edge of a service behind a network nothing that
// the handler writes is in the transaction. Two guards with transactions have two of
// them, and so take two connections of the database for each call.
//
// # Metadata
//
// Without options the gateway writes the bytes of binary (-bin) metadata into the
// answer unencoded, and Go's HTTP client rejects such an answer. [ServeMuxOptions]
// encodes the values of a header in base64, as gRPC does, and omits those of a trailer.
// The gateway sends trailers only to clients that send TE: trailers.
package idemgateway
