// Package idemgateway makes a grpc-gateway work with idempotency keys. There
// are three ways to set it up.
//
// # Guarded at the service
//
// The interceptor of package idemgrpc (or idemconnect) guards the service, and
// the options of this package let the gateway pass on what belongs to keys:
//
//	guard, err := idemgrpc.NewInterceptor(engine)
//	server := grpc.NewServer(grpc.ChainUnaryInterceptor(guard.Unary))
//
//	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
//	paymentsv1.RegisterPaymentServiceHandlerFromEndpoint(ctx, mux, address, dialOptions)
//	http.ListenAndServe(address, mux)
//
// This is the way to prefer. A call made over REST and repeated over gRPC, or the
// other way round, is a replay. What the service has done is recorded also when
// its answer does not reach the gateway. The key reaches the service in metadata;
// the marker comes back as Idempotent-Replayed: true, on errors too; refusals are
// written as package httpmw writes them, or by [WithRefusalWriter]. The gateway
// alone drops the key, calls the marker Grpc-Metadata-Idempotent-Replayed, loses
// that of an error, and answers 400 where 422 or 409 is due.
//
// It cannot replay while the service is down. What is replayed is the message,
// which the gateway serializes again: a client that asks for another content type
// gets another body. A key on a server-streaming method is refused with the
// gateway's own 400, since only the gateway can write the errors of such a stream.
//
// # Guarded at the edge
//
// Package httpmw guards the gateway, and the service need not know of keys:
//
//	guard, err := httpmw.New(engine, idemgateway.MiddlewareOptions()...)
//	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
//	http.ListenAndServe(address, guard.Wrap(mux))
//
// A replay has the first answer's bytes, and needs no service.
//
// The edge does not know what a service has done whose answer was lost. The
// gateway then answers 503, which abandons the claim: the next call runs and is
// told so ([idempotency.Execution]), or is refused under OnAbandoned(Reject). Only
// a guard at the service can replay the answer.
//
// The edge cannot guard calls that come in over gRPC, and does not take a call
// over gRPC and one over REST for the same. It compares bodies and not messages;
// see [httpmw.WithCanonicalJSON]. It decides by the HTTP status, which is that of
// the code: see [httpmw.DefaultClassifier]. Aborted, which shares 409 with
// AlreadyExists, is released as over gRPC, and so is every request for which the
// gateway has no route. A POST that overrides its method in
// X-HTTP-Method-Override counts as a POST.
//
// Both guards work together, also on one engine: each keeps a record of its own.
// A refusal of the service is not recorded at the edge: it is recognised by its
// mark, which names the operation and the key, and is marked again for the edge.
// A refusal that the service's handler got for another call is recorded like any
// other error.
//
// # Called in process
//
// RegisterXHandlerServer calls the service without gRPC, and runs no
// interceptors. There the guard is a middleware of the mux:
//
//	guard, err := httpmw.New(engine, idemgateway.MiddlewareOptions()...)
//	mux := runtime.NewServeMux(append(idemgateway.ServeMuxOptions(),
//		runtime.WithMiddlewares(idemgateway.Middleware(guard)))...)
//	paymentsv1.RegisterPaymentServiceHandlerServer(ctx, mux, service)
//	http.ListenAndServe(address, mux)
//
// It runs after the routing, and has the limits of a guard at the edge. It knows
// requests by method and path: options of the schema, such as
// (idempotency.v1.method), do not reach it. With [idempotency.WithKeyRequired]
// every POST and PATCH of the mux needs a key.
//
// # Metadata
//
// The gateway writes the bytes of binary (-bin) metadata into the answer as they
// are, and Go's clients refuse such an answer. [ServeMuxOptions] sends those of a
// header in base64, as gRPC does, and leaves those of a trailer out. Trailers
// reach only clients that send TE: trailers.
package idemgateway
