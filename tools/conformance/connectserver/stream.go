package main

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
	"github.com/oncewire/idempotency/tools/conformance/suite"
)

func (service) ServerStream(ctx context.Context, request *connect.Request[conformancev1.ServerStreamRequest], stream *connect.ServerStream[conformancev1.ServerStreamResponse]) error {
	answers := suite.Answers{
		Defined: request.Msg.GetResponseDefinition(),
		Seen:    suite.Seen(ctx, request.Header(), request.Peer().Query, suite.Pack(request.Msg)),
		Send: func(payload *conformancev1.ConformancePayload) error {
			return stream.Send(&conformancev1.ServerStreamResponse{Payload: payload})
		},
		Fail: func(wanted *conformancev1.Error, more ...proto.Message) error { return failure(wanted, more...) },
	}
	suite.Add(stream.ResponseHeader(), answers.Defined.GetResponseHeaders())
	suite.Add(stream.ResponseTrailer(), answers.Defined.GetResponseTrailers())
	if answers.Left() {
		if err := stream.Send(nil); err != nil { // the headers, before any pause
			return err
		}
	}
	return answers.Finish()
}

func (service) BidiStream(ctx context.Context, stream *connect.BidiStream[conformancev1.BidiStreamRequest, conformancev1.BidiStreamResponse]) error {
	first, err := stream.Receive()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	answers := suite.Answers{
		Defined: first.GetResponseDefinition(),
		Seen:    suite.Seen(ctx, stream.RequestHeader(), nil, suite.Pack(first)),
		Send: func(payload *conformancev1.ConformancePayload) error {
			return stream.Send(&conformancev1.BidiStreamResponse{Payload: payload})
		},
		Fail: func(wanted *conformancev1.Error, more ...proto.Message) error { return failure(wanted, more...) },
	}
	suite.Add(stream.ResponseHeader(), answers.Defined.GetResponseHeaders())
	suite.Add(stream.ResponseTrailer(), answers.Defined.GetResponseTrailers())
	if err := answers.Converse(first.GetFullDuplex(), func() error { return stream.Send(nil) }, func() (proto.Message, error) { return stream.Receive() }); err != nil {
		return err
	}
	return answers.Finish()
}
