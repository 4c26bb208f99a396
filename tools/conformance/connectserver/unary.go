package main

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
	"github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1/conformancev1connect"
)

// service answers as its requests say. Unimplemented stays so.
type service struct {
	conformancev1connect.UnimplementedConformanceServiceHandler
}

func (service) Unary(ctx context.Context, request *connect.Request[conformancev1.UnaryRequest]) (*connect.Response[conformancev1.UnaryResponse], error) {
	info := requestInfo(ctx, request.Header(), request.Peer().Query, pack(request.Msg))
	return answer(request.Msg.GetResponseDefinition(), info, func(payload *conformancev1.ConformancePayload) *conformancev1.UnaryResponse {
		return &conformancev1.UnaryResponse{Payload: payload}
	})
}

func (service) IdempotentUnary(ctx context.Context, request *connect.Request[conformancev1.IdempotentUnaryRequest]) (*connect.Response[conformancev1.IdempotentUnaryResponse], error) {
	info := requestInfo(ctx, request.Header(), request.Peer().Query, pack(request.Msg))
	return answer(request.Msg.GetResponseDefinition(), info, func(payload *conformancev1.ConformancePayload) *conformancev1.IdempotentUnaryResponse {
		return &conformancev1.IdempotentUnaryResponse{Payload: payload}
	})
}

func (service) ClientStream(ctx context.Context, stream *connect.ClientStream[conformancev1.ClientStreamRequest]) (*connect.Response[conformancev1.ClientStreamResponse], error) {
	info := requestInfo(ctx, stream.RequestHeader(), nil)
	var defined *conformancev1.UnaryResponseDefinition
	for stream.Receive() {
		if len(info.GetRequests()) == 0 {
			defined = stream.Msg().GetResponseDefinition()
		}
		info.Requests = append(info.GetRequests(), pack(stream.Msg()))
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	return answer(defined, info, func(payload *conformancev1.ConformancePayload) *conformancev1.ClientStreamResponse {
		return &conformancev1.ClientStreamResponse{Payload: payload}
	})
}

// answer puts header fields and trailers where handlers with wrappers do.
func answer[T any](defined *conformancev1.UnaryResponseDefinition, info *conformancev1.ConformancePayload_RequestInfo, wrap func(*conformancev1.ConformancePayload) *T) (*connect.Response[T], error) {
	payload, failed := outcome(defined, info)
	if failed != nil {
		say(defined, failed.Meta(), failed.Meta())
		return nil, failed
	}
	response := connect.NewResponse(wrap(payload))
	say(defined, response.Header(), response.Trailer())
	return response, nil
}

// simpleUnary is Unary in the style without wrappers, which puts header fields
// and trailers into the context, for an error too.
func simpleUnary(ctx context.Context, request *conformancev1.UnaryRequest) (*conformancev1.UnaryResponse, error) {
	call, _ := connect.CallInfoForHandlerContext(ctx)
	defined := request.GetResponseDefinition()
	say(defined, call.ResponseHeader(), call.ResponseTrailer())
	payload, failed := outcome(defined, requestInfo(ctx, call.RequestHeader(), call.Peer().Query, pack(request)))
	if failed != nil {
		return nil, failed
	}
	return &conformancev1.UnaryResponse{Payload: payload}, nil
}

func say(defined *conformancev1.UnaryResponseDefinition, header, trailer http.Header) {
	add(header, defined.GetResponseHeaders())
	add(trailer, defined.GetResponseTrailers())
}

func outcome(defined *conformancev1.UnaryResponseDefinition, info *conformancev1.ConformancePayload_RequestInfo) (*conformancev1.ConformancePayload, *connect.Error) {
	pause(defined.GetResponseDelayMs())
	if wanted := defined.GetError(); wanted != nil {
		return nil, failure(wanted, info)
	}
	return &conformancev1.ConformancePayload{Data: defined.GetResponseData(), RequestInfo: info}, nil
}
