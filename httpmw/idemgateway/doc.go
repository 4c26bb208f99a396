// Package idemgateway makes a grpc-gateway work with idempotency keys. There
// are three ways to set it up.
//
// # Guarded at the service
//
// The interceptor of package idemgrpc (or idemconnect) guards the service, and
// the gateway is told to speak its language:
//
//	guard, err := idemgrpc.NewInterceptor(engine)
//	server := grpc.NewServer(grpc.UnaryInterceptor(guard.Unary))
//
//	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
//	paymentsv1.RegisterPaymentServiceHandlerFromEndpoint(ctx, mux, address, dialOptions)
//	http.ListenAndServe(address, mux)
//
// A call made over REST and repeated over gRPC, or the other way round, is a
// replay. The key reaches the service in metadata; the marker comes back as
// Idempotent-Replayed: true, on errors too; refusals come out as package httpmw
// writes them. The gateway alone drops the key, calls the marker
// Grpc-Metadata-Idempotent-Replayed, loses that of an error, and answers 400
// where 422 or 409 is due.
//
// It cannot replay while the service is down. What is replayed is the message,
// written anew by the gateway: an answer to a client that asks for another
// content type is another one. A key on a server-streaming method is refused with
// the gateway's own 400, since the gateway lets nobody else write the errors of
// such a stream.
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
// It cannot guard calls that come in over gRPC, and does not take a call over
// gRPC and one over REST for the same. It compares bodies and not messages; see
// [httpmw.WithCanonicalJSON]. It sees an HTTP status and no code: 409 is
// recorded, also when it stands for Aborted, with which a service says that it
// did nothing. A POST that overrides its method in X-HTTP-Method-Override
// counts as a POST.
//
// Both guards work together, also on one engine: each keeps a record of its
// own. A refusal of the service is never recorded at the edge.
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
// It stands behind the routing, and can do what the edge can and no more. It
// knows requests by method and path: options of the schema, such as
// (idempotency.v1.method), do not reach it. With [idempotency.WithKeyRequired]
// every POST and PATCH of the mux needs a key.
//
// # Metadata
//
// The gateway writes the bytes of binary (-bin) metadata into the answer as
// they are, with which Go's clients refuse the whole answer. [ServeMuxOptions]
// sends those of a header in base64, as gRPC does, and keeps those of a trailer
// out. Trailers reach only clients that send TE: trailers.
package idemgateway
