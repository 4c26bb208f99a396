package idemgateway

import "github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

// ServeMuxOptions returns all options that a gateway in front of a guarded service
// needs:
//
//	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
//
// An incoming header matcher, metadata annotators and forward response options of
// your own can be added before or after them. A mux has only one error handler,
// one routing error handler and one matcher of each kind: pass your own to
// [WithErrorHandler], [WithRoutingErrorHandler], [WithOutgoingHeaderMatcher] and
// [WithOutgoingTrailerMatcher].
func ServeMuxOptions(options ...Option) []runtime.ServeMuxOption {
	return []runtime.ServeMuxOption{
		runtime.WithMetadata(KeyMetadata(options...)),
		runtime.WithOutgoingHeaderMatcher(OutgoingHeaderMatcher(options...)),
		runtime.WithOutgoingTrailerMatcher(OutgoingTrailerMatcher(options...)),
		runtime.WithForwardResponseOption(ForwardBinary(options...)),
		runtime.WithForwardResponseOption(EchoKey(options...)),
		runtime.WithErrorHandler(ErrorHandler(options...)),
		runtime.WithRoutingErrorHandler(RoutingErrorHandler(options...)),
	}
}
