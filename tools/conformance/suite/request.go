package suite

import (
	"context"
	"net/url"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
)

// Seen is what a handler saw of a call, for the suite to compare with what was sent.
func Seen(ctx context.Context, header map[string][]string, query url.Values, requests ...*anypb.Any) *conformancev1.ConformancePayload_RequestInfo {
	info := &conformancev1.ConformancePayload_RequestInfo{RequestHeaders: fields(header), Requests: requests}
	if deadline, ok := ctx.Deadline(); ok {
		info.TimeoutMs = new(time.Until(deadline).Milliseconds())
	}
	if len(query) > 0 {
		info.ConnectGetInfo = &conformancev1.ConformancePayload_ConnectGetInfo{QueryParams: fields(query)}
	}
	return info
}

func fields(of map[string][]string) []*conformancev1.Header {
	all := make([]*conformancev1.Header, 0, len(of))
	for name, values := range of {
		all = append(all, &conformancev1.Header{Name: name, Value: values})
	}
	return all
}

// Pack packs a message.
func Pack(message proto.Message) *anypb.Any {
	packed, err := anypb.New(message)
	if err != nil {
		panic(err) // it was unmarshalled, or made here
	}
	return packed
}

// Add adds the fields that an answer is to have.
func Add(to interface{ Add(name, value string) }, fields []*conformancev1.Header) {
	for _, field := range fields {
		for _, value := range field.GetValue() {
			to.Add(field.GetName(), value)
		}
	}
}

// Details are the details of the error that an answer is to be, with more of them. It
// leaves the definition alone, which is a part of the request.
func Details(defined *conformancev1.Error, more ...proto.Message) []*anypb.Any {
	details := defined.GetDetails()
	for _, message := range more {
		details = append(slices.Clip(details), Pack(message))
	}
	return details
}

// Pause waits as long as an answer is to take, also for a caller that does not:
// an answer at its very deadline would race with it.
func Pause(milliseconds uint32) {
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
}
