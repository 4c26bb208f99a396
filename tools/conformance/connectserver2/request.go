package main

import (
	"context"
	"maps"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
	"github.com/oncewire/idempotency/tools/conformance/suite"
)

// seen is what a handler saw of a call.
func seen(ctx context.Context, requests ...*anypb.Any) *conformancev1.ConformancePayload_RequestInfo {
	info, _ := connect.CallInfoForServerContext(ctx)
	server, _ := connecthttp.ServerInfoForContext(ctx)
	return suite.Seen(ctx, maps.Collect(info.RequestHeader().All()), server.HTTPGetQueryParams(), requests...)
}

// say sets the fields that an answer is to have.
func say(ctx context.Context, defined interface {
	GetResponseHeaders() []*conformancev1.Header
	GetResponseTrailers() []*conformancev1.Header
}) {
	info, _ := connect.CallInfoForServerContext(ctx)
	suite.Add(info.ResponseHeader(), defined.GetResponseHeaders())
	suite.Add(info.ResponseTrailer(), defined.GetResponseTrailers())
}

// failure is the error that an answer is to be, with more details.
func failure(defined *conformancev1.Error, more ...proto.Message) error {
	failed := connect.NewError(connect.Code(defined.GetCode()), defined.GetMessage())
	for _, packed := range suite.Details(defined, more...) {
		detail, err := connectproto.NewErrorDetail(packed)
		if err != nil {
			return connect.NewError(connect.CodeInternal, err.Error())
		}
		failed = failed.WithDetail(detail)
	}
	return failed
}
