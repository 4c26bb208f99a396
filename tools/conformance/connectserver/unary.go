package main

import (
	"context"
	"net/http"

	"connectrpc.com/connect"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
	"github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1/conformancev1connect"
	"github.com/oncewire/idempotency/tools/conformance/suite"
)

// service answers as its requests say. Unimplemented stays so.
type service struct {
	conformancev1connect.UnimplementedConformanceServiceHandler
}

func (service) Unary(ctx context.Context, request *connect.Request[conformancev1.UnaryRequest]) (*connect.Response[conformancev1.UnaryResponse], error) {
	info := suite.Seen(ctx, request.Header(), request.Peer().Query, suite.Pack(request.Msg))
	return answer(request.Msg.GetResponseDefinition(), info, func(payload *conformancev1.ConformancePayload) *conformancev1.UnaryResponse {
		return &conformancev1.UnaryResponse{Payload: payload}
	})
}

func (service) IdempotentUnary(ctx context.Context, request *connect.Request[conformancev1.IdempotentUnaryRequest]) (*connect.Response[conformancev1.IdempotentUnaryResponse], error) {
	info := suite.Seen(ctx, request.Header(), request.Peer().Query, suite.Pack(request.Msg))
	return answer(request.Msg.GetResponseDefinition(), info, func(payload *conformancev1.ConformancePayload) *conformancev1.IdempotentUnaryResponse {
		return &conformancev1.IdempotentUnaryResponse{Payload: payload}
	})
}

func (service) ClientStream(ctx context.Context, stream *connect.ClientStream[conformancev1.ClientStreamRequest]) (*connect.Response[conformancev1.ClientStreamResponse], error) {
	info := suite.Seen(ctx, stream.RequestHeader(), nil)
	var defined *conformancev1.UnaryResponseDefinition
	for stream.Receive() {
		if len(info.GetRequests()) == 0 {
			defined = stream.Msg().GetResponseDefinition()
		}
		info.Requests = append(info.GetRequests(), suite.Pack(stream.Msg()))
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
	payload, failed := outcome(defined, suite.Seen(ctx, call.RequestHeader(), call.Peer().Query, suite.Pack(request)))
	if failed != nil {
		return nil, failed
	}
	return &conformancev1.UnaryResponse{Payload: payload}, nil
}

func say(defined *conformancev1.UnaryResponseDefinition, header, trailer http.Header) {
	suite.Add(header, defined.GetResponseHeaders())
	suite.Add(trailer, defined.GetResponseTrailers())
}

func outcome(defined *conformancev1.UnaryResponseDefinition, info *conformancev1.ConformancePayload_RequestInfo) (*conformancev1.ConformancePayload, *connect.Error) {
	suite.Pause(defined.GetResponseDelayMs())
	if wanted := defined.GetError(); wanted != nil {
		return nil, failure(wanted, info)
	}
	return &conformancev1.ConformancePayload{Data: defined.GetResponseData(), RequestInfo: info}, nil
}
