package main

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/anypb"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
)

func (service) ServerStream(ctx context.Context, request *connect.Request[conformancev1.ServerStreamRequest], stream *connect.ServerStream[conformancev1.ServerStreamResponse]) error {
	answers := answers{
		defined: request.Msg.GetResponseDefinition(),
		seen:    requestInfo(ctx, request.Header(), request.Peer().Query, pack(request.Msg)),
		send: func(payload *conformancev1.ConformancePayload) error {
			return stream.Send(&conformancev1.ServerStreamResponse{Payload: payload})
		},
	}
	add(stream.ResponseHeader(), answers.defined.GetResponseHeaders())
	add(stream.ResponseTrailer(), answers.defined.GetResponseTrailers())
	if answers.left() {
		if err := stream.Send(nil); err != nil { // the headers, before any pause
			return err
		}
	}
	return answers.finish()
}

func (service) BidiStream(ctx context.Context, stream *connect.BidiStream[conformancev1.BidiStreamRequest, conformancev1.BidiStreamResponse]) error {
	first, err := stream.Receive()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	answers := answers{
		defined: first.GetResponseDefinition(),
		seen:    requestInfo(ctx, stream.RequestHeader(), nil, pack(first)),
		send: func(payload *conformancev1.ConformancePayload) error {
			return stream.Send(&conformancev1.BidiStreamResponse{Payload: payload})
		},
	}
	add(stream.ResponseHeader(), answers.defined.GetResponseHeaders())
	add(stream.ResponseTrailer(), answers.defined.GetResponseTrailers())
	if err := converse(stream, &answers, first.GetFullDuplex()); err != nil {
		return err
	}
	return answers.finish()
}

// converse receives all requests, and after each sends an answer if the stream
// is full duplex. It ends early when a request finds no answer left.
func converse(stream *connect.BidiStream[conformancev1.BidiStreamRequest, conformancev1.BidiStreamResponse], answers *answers, fullDuplex bool) error {
	headersSent := !answers.left()
	for {
		if fullDuplex && !headersSent {
			headersSent = true
			if err := stream.Send(nil); err != nil {
				return err
			}
		}
		if fullDuplex {
			if !answers.left() {
				return nil
			}
			if err := answers.next(); err != nil {
				return err
			}
		}
		request, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			if !headersSent {
				return stream.Send(nil)
			}
			return nil
		}
		if err != nil {
			return err
		}
		answers.saw(pack(request))
	}
}

// answers are those that a stream is to send.
type answers struct {
	defined *conformancev1.StreamResponseDefinition
	seen    *conformancev1.ConformancePayload_RequestInfo // since the last answer
	send    func(*conformancev1.ConformancePayload) error
	sent    int
}

func (a *answers) saw(request *anypb.Any) {
	if a.seen == nil {
		a.seen = new(conformancev1.ConformancePayload_RequestInfo)
	}
	a.seen.Requests = append(a.seen.GetRequests(), request)
}

func (a *answers) left() bool { return a.sent < len(a.defined.GetResponseData()) }

func (a *answers) next() error {
	pause(a.defined.GetResponseDelayMs())
	payload := &conformancev1.ConformancePayload{Data: a.defined.GetResponseData()[a.sent], RequestInfo: a.seen}
	a.seen = nil
	a.sent++
	return a.send(payload)
}

// finish sends the answers that are left, and the error that ends them.
func (a *answers) finish() error {
	for a.left() {
		if err := a.next(); err != nil {
			return err
		}
	}
	wanted := a.defined.GetError()
	switch {
	case wanted == nil:
		return nil
	case a.sent == 0:
		return failure(wanted, a.seen)
	default:
		return failure(wanted)
	}
}
