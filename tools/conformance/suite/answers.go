package suite

import (
	"errors"
	"io"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
)

// Answers are those that a stream is to send.
type Answers struct {
	Defined *conformancev1.StreamResponseDefinition
	Seen    *conformancev1.ConformancePayload_RequestInfo // since the last answer
	Send    func(*conformancev1.ConformancePayload) error
	// Fail makes the error that ends the stream, with more details.
	Fail func(wanted *conformancev1.Error, more ...proto.Message) error

	sent int
}

// Saw notes a request.
func (a *Answers) Saw(request *anypb.Any) {
	if a.Seen == nil {
		a.Seen = new(conformancev1.ConformancePayload_RequestInfo)
	}
	a.Seen.Requests = append(a.Seen.GetRequests(), request)
}

// Left reports whether there are answers that are not sent.
func (a *Answers) Left() bool { return a.sent < len(a.Defined.GetResponseData()) }

// Next sends the next answer.
func (a *Answers) Next() error {
	Pause(a.Defined.GetResponseDelayMs())
	payload := &conformancev1.ConformancePayload{Data: a.Defined.GetResponseData()[a.sent], RequestInfo: a.Seen}
	a.Seen = nil
	a.sent++
	return a.Send(payload)
}

// Finish sends the answers that are left, and the error that ends them.
func (a *Answers) Finish() error {
	for a.Left() {
		if err := a.Next(); err != nil {
			return err
		}
	}
	wanted := a.Defined.GetError()
	switch {
	case wanted == nil:
		return nil
	case a.sent == 0:
		return a.Fail(wanted, a.Seen)
	default:
		return a.Fail(wanted)
	}
}

// Converse receives all requests, and after each sends an answer if the stream
// is full duplex. It ends early when a request finds no answer left.
func (a *Answers) Converse(fullDuplex bool, sendHeaders func() error, receive func() (proto.Message, error)) error {
	headersSent := !a.Left()
	for {
		if fullDuplex && !headersSent {
			headersSent = true
			if err := sendHeaders(); err != nil {
				return err
			}
		}
		if fullDuplex {
			if !a.Left() {
				return nil
			}
			if err := a.Next(); err != nil {
				return err
			}
		}
		request, err := receive()
		if errors.Is(err, io.EOF) {
			if !headersSent {
				return sendHeaders()
			}
			return nil
		}
		if err != nil {
			return err
		}
		a.Saw(Pack(request))
	}
}
