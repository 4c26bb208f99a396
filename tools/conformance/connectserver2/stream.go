package main

import (
	"context"
	"errors"
	"io"

	"google.golang.org/protobuf/proto"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
	"github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1/conformancev1connect2"
	"github.com/oncewire/idempotency/tools/conformance/suite"
)

func (service) ServerStream(ctx context.Context, request *conformancev1.ServerStreamRequest, stream conformancev1connect2.ConformanceServiceServerStreamServerStream) error {
	answers := suite.Answers{
		Defined: request.GetResponseDefinition(),
		Seen:    seen(ctx, suite.Pack(request)),
		Send: func(payload *conformancev1.ConformancePayload) error {
			return stream.Send(&conformancev1.ServerStreamResponse{Payload: payload})
		},
		Fail: failure,
	}
	say(ctx, answers.Defined)
	if answers.Left() {
		if err := stream.SendHeaders(); err != nil { // before any pause
			return err
		}
	}
	return answers.Finish()
}

func (service) BidiStream(ctx context.Context, stream conformancev1connect2.ConformanceServiceBidiStreamServerStream) error {
	first, err := stream.Receive()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	answers := suite.Answers{
		Defined: first.GetResponseDefinition(),
		Seen:    seen(ctx, suite.Pack(first)),
		Send: func(payload *conformancev1.ConformancePayload) error {
			return stream.Send(&conformancev1.BidiStreamResponse{Payload: payload})
		},
		Fail: failure,
	}
	say(ctx, answers.Defined)
	if err := answers.Converse(first.GetFullDuplex(), stream.SendHeaders, func() (proto.Message, error) { return stream.Receive() }); err != nil {
		return err
	}
	return answers.Finish()
}
