package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
)

// requestInfo is what a handler saw of a call, for the suite to compare with
// what was sent.
func requestInfo(ctx context.Context, header http.Header, query url.Values, requests ...*anypb.Any) *conformancev1.ConformancePayload_RequestInfo {
	info := &conformancev1.ConformancePayload_RequestInfo{RequestHeaders: headers(header), Requests: requests}
	if deadline, ok := ctx.Deadline(); ok {
		info.TimeoutMs = new(time.Until(deadline).Milliseconds())
	}
	if len(query) > 0 {
		info.ConnectGetInfo = &conformancev1.ConformancePayload_ConnectGetInfo{QueryParams: headers(query)}
	}
	return info
}

func headers(fields map[string][]string) []*conformancev1.Header {
	all := make([]*conformancev1.Header, 0, len(fields))
	for name, values := range fields {
		all = append(all, &conformancev1.Header{Name: name, Value: values})
	}
	return all
}

func pack(message proto.Message) *anypb.Any {
	packed, err := anypb.New(message)
	if err != nil {
		panic(err) // it was unmarshalled, or made here
	}
	return packed
}

// add adds the fields that an answer is to have.
func add(to http.Header, fields []*conformancev1.Header) {
	for _, field := range fields {
		for _, value := range field.GetValue() {
			to.Add(field.GetName(), value)
		}
	}
}

// failure is the error that an answer is to be, with more details. It leaves
// the definition alone, which is a part of the request.
func failure(defined *conformancev1.Error, more ...proto.Message) *connect.Error {
	failed := connect.NewError(connect.Code(defined.GetCode()), errors.New(defined.GetMessage()))
	details := defined.GetDetails()
	for _, message := range more {
		details = append(slices.Clip(details), pack(message))
	}
	for _, packed := range details {
		detail, err := connect.NewErrorDetail(packed)
		if err != nil {
			return connect.NewError(connect.CodeInternal, err)
		}
		failed.AddDetail(detail)
	}
	return failed
}

// pause waits as long as an answer is to take, also for a caller that does not:
// an answer at its very deadline would race with it.
func pause(milliseconds uint32) {
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
}
