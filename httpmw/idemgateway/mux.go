package idemgateway

import "github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

// ServeMuxOptions returns everything that a gateway in front of a guarded
// service needs:
//
//	mux := runtime.NewServeMux(idemgateway.ServeMuxOptions()...)
//
// An incoming header matcher, metadata annotators and forward response options
// of the caller's go beside them in any order. Error handlers and outgoing matchers
// do not, since a mux has one of each: hand them to [WithErrorHandler],
// [WithRoutingErrorHandler], [WithOutgoingHeaderMatcher] and
// [WithOutgoingTrailerMatcher].
func ServeMuxOptions(opts ...Option) []runtime.ServeMuxOption {
	return []runtime.ServeMuxOption{
		runtime.WithMetadata(KeyMetadata(opts...)),
		runtime.WithOutgoingHeaderMatcher(OutgoingHeaderMatcher(opts...)),
		runtime.WithOutgoingTrailerMatcher(OutgoingTrailerMatcher(opts...)),
		runtime.WithForwardResponseOption(ForwardBinary(opts...)),
		runtime.WithForwardResponseOption(EchoKey(opts...)),
		runtime.WithErrorHandler(ErrorHandler(opts...)),
		runtime.WithRoutingErrorHandler(RoutingErrorHandler(opts...)),
	}
}
