package main

import (
	"context"
	"errors"
	"io"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
	"github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1/conformancev1connect2"
	"github.com/oncewire/idempotency/tools/conformance/suite"
)

// service answers as its requests say. Unimplemented stays so.
type service struct {
	conformancev1connect2.UnimplementedConformanceServiceHandler
}

func (service) Unary(ctx context.Context, request *conformancev1.UnaryRequest) (*conformancev1.UnaryResponse, error) {
	payload, err := answer(ctx, request.GetResponseDefinition(), seen(ctx, suite.Pack(request)))
	if err != nil {
		return nil, err
	}
	return &conformancev1.UnaryResponse{Payload: payload}, nil
}

func (service) IdempotentUnary(ctx context.Context, request *conformancev1.IdempotentUnaryRequest) (*conformancev1.IdempotentUnaryResponse, error) {
	payload, err := answer(ctx, request.GetResponseDefinition(), seen(ctx, suite.Pack(request)))
	if err != nil {
		return nil, err
	}
	return &conformancev1.IdempotentUnaryResponse{Payload: payload}, nil
}

func (service) ClientStream(ctx context.Context, stream conformancev1connect2.ConformanceServiceClientStreamServerStream) (*conformancev1.ClientStreamResponse, error) {
	info := seen(ctx)
	var defined *conformancev1.UnaryResponseDefinition
	for {
		request, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(info.GetRequests()) == 0 {
			defined = request.GetResponseDefinition()
		}
		info.Requests = append(info.GetRequests(), suite.Pack(request))
	}
	payload, err := answer(ctx, defined, info)
	if err != nil {
		return nil, err
	}
	return &conformancev1.ClientStreamResponse{Payload: payload}, nil
}

func answer(ctx context.Context, defined *conformancev1.UnaryResponseDefinition, info *conformancev1.ConformancePayload_RequestInfo) (*conformancev1.ConformancePayload, error) {
	say(ctx, defined)
	suite.Pause(defined.GetResponseDelayMs())
	if wanted := defined.GetError(); wanted != nil {
		return nil, failure(wanted, info)
	}
	return &conformancev1.ConformancePayload{Data: defined.GetResponseData(), RequestInfo: info}, nil
}
