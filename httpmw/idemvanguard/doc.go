// Package idemvanguard makes the REST of Vanguard (connectrpc.com/vanguard) work with
// idempotency keys. Vanguard alone forwards the key and replays. But it answers 400
// where 422 or 409 is correct, sends no Retry-After, and drops the replay marker of an
// error if it calls the service over gRPC.
//
// An interceptor of package idemconnect, idemconnect2 or idemgrpc guards the service.
// [Service] is the handler between it and Vanguard, and [Handler] the one around
// Vanguard:
//
//	guard, err := idemconnect.NewInterceptor(engine)
//	path, handler := paymentsv1connect.NewPaymentServiceHandler(service, connect.WithInterceptors(guard))
//
//	services := []*vanguard.Service{vanguard.NewService(path, idemvanguard.Service(handler))}
//	transcoder, err := vanguard.NewTranscoder(services)
//	http.ListenAndServe(address, idemvanguard.Handler(transcoder))
//
// Both are needed: without [Service], answers are those of Vanguard alone. Handlers of
// version 2 of connect-go and a grpc.Server are given to Vanguard in the same way. Those
// of a grpc.Server need two options, which vanguardgrpc sets otherwise:
//
//	vanguard.WithTargetProtocols(vanguard.ProtocolGRPC), vanguard.WithTargetCodecs(vanguard.CodecProto)
//
// Answers over REST then have these properties:
//
//   - A replay has the header field Idempotent-Replayed: true, also if it is an error.
//   - A refusal is answered with the status that package httpmw uses, with Retry-After
//     if a retry makes sense, and with problem details (RFC 9457) or what
//     [WithRefusalWriter] writes.
//   - A refusal has a mark, by which a guard around Vanguard (package httpmw) recognises
//     that the service's handler did not run.
//
// A refusal that the service's handler received from another service and passed on is
// an error of that handler, and its answer is that of Vanguard.
//
// All other protocols (gRPC, gRPC-Web, Connect) pass through unchanged. All protocols
// share one record, so a call over REST that is retried over gRPC is a replay, and so
// is the reverse.
//
// Limits:
//
//   - The record holds the message, and Vanguard encodes it again for each answer.
//     protojson may encode it with other spaces.
//   - Vanguard drops the trailers of answers over REST, of first answers and of replays.
//   - Vanguard refuses streams over REST, except for those of google.api.HttpBody.
//     Refusals of such streams are those of Vanguard.
//   - A resolver of types (vanguard.WithTypeResolver) must know google.rpc.ErrorInfo
//     and google.rpc.RetryInfo. Otherwise Vanguard answers 13 (Internal) in the body of
//     every refusal.
//
// The package does not import Vanguard. It was tested with version 0.4.0.
package idemvanguard
