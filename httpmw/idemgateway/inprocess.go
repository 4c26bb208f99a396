package idemgateway

import (
	"context"
	"slices"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// InProcess connects a gateway to services in the same process, without a network
// and without encoding messages, and runs unary server interceptors around them. It
// is a [grpc.ServiceRegistrar] for the services, and a [grpc.ClientConnInterface]
// for the gateway:
//
//	local := idemgateway.NewInProcess(auth, guard.Unary)
//	paymentsv1.RegisterPaymentServiceServer(local, service)
//	client := paymentsv1.NewPaymentServiceClient(local)
//	paymentsv1.RegisterPaymentServiceHandlerClient(ctx, mux, client)
//
// A handler runs in the goroutine of its request, under the request's context with
// all its values, such as the scope that an HTTP middleware has stored. Requests and
// responses are copied. Streams are answered with Unimplemented: serve them by a
// grpc.Server, if need be on a listener in memory (package
// google.golang.org/grpc/test/bufconn), which the values of the context do not reach.
// It is safe for concurrent use once all services are registered.
type InProcess struct {
	interceptors []grpc.UnaryServerInterceptor
	methods      map[string]localMethod
}

type localMethod struct {
	handler grpc.MethodHandler
	service any
}

// NewInProcess returns a connection without services. The first interceptor is the
// outermost one.
func NewInProcess(interceptors ...grpc.UnaryServerInterceptor) *InProcess {
	return &InProcess{interceptors: interceptors, methods: map[string]localMethod{}}
}

// RegisterService implements [grpc.ServiceRegistrar]. A service that is registered
// again replaces the first one.
func (p *InProcess) RegisterService(service *grpc.ServiceDesc, implementation any) {
	for _, method := range service.Methods {
		p.methods["/"+service.ServiceName+"/"+method.MethodName] = localMethod{method.Handler, implementation}
	}
}

// Invoke implements [grpc.ClientConnInterface]. Of the call options it honours
// [grpc.Header] and [grpc.Trailer]. The error is always a status.
func (p *InProcess) Invoke(ctx context.Context, method string, request, response any, options ...grpc.CallOption) error {
	local, ok := p.methods[method]
	if !ok {
		return status.Errorf(codes.Unimplemented, "unknown method %s", method)
	}
	stream := &localStream{method: method}
	answer, err := local.handler(local.service, serverContext(ctx, stream), copyFrom(request), p.intercept)
	stream.collect(options)
	if err != nil {
		return statusError(err)
	}
	return copyFrom(answer)(response)
}

// NewStream implements [grpc.ClientConnInterface]: it fails with Unimplemented.
func (*InProcess) NewStream(_ context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Errorf(codes.Unimplemented, "%s is a stream, which cannot be called in process", method)
}

// intercept runs the interceptors around a handler.
func (p *InProcess) intercept(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	for _, interceptor := range slices.Backward(p.interceptors) {
		next := handler
		handler = func(ctx context.Context, request any) (any, error) { return interceptor(ctx, request, info, next) }
	}
	return handler(ctx, request)
}

// localStream collects the metadata of an answer.
type localStream struct {
	runtime.ServerTransportStream

	method string
}

// Method implements [grpc.ServerTransportStream].
func (s *localStream) Method() string { return s.method }

func (s *localStream) collect(options []grpc.CallOption) {
	for _, option := range options {
		switch option := option.(type) {
		case grpc.HeaderCallOption:
			*option.HeaderAddr = s.Header()
		case grpc.TrailerCallOption:
			*option.TrailerAddr = s.Trailer()
		}
	}
}

// serverContext returns the context of a handler: the metadata that the gateway sends
// are incoming there, and the handler's own calls do not send them on.
func serverContext(ctx context.Context, stream grpc.ServerTransportStream) context.Context {
	sent, _ := metadata.FromOutgoingContext(ctx)
	ctx = metadata.NewIncomingContext(ctx, sent)
	ctx = metadata.NewOutgoingContext(ctx, nil)
	return grpc.NewContextWithServerTransportStream(ctx, stream)
}

// copyFrom returns a function that copies a message into another one.
func copyFrom(from any) func(any) error {
	return func(into any) error {
		source, ok := from.(proto.Message)
		target, same := into.(proto.Message)
		if !ok || !same || source.ProtoReflect().Descriptor() != target.ProtoReflect().Descriptor() {
			return status.Errorf(codes.Internal, "%T is not a message of the type %T", from, into)
		}
		proto.Reset(target)
		proto.Merge(target, source)
		return nil
	}
}

// statusError returns the error that a client of grpc-go gets for that of a handler.
func statusError(err error) error {
	converted, ok := status.FromError(err)
	if !ok {
		converted = status.FromContextError(err)
	}
	if converted.Code() == codes.OK {
		return status.Error(codes.Internal, "the service returned an error with the code OK")
	}
	return converted.Err()
}
