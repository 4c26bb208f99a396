package main

import (
	"errors"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	conformancev1 "github.com/oncewire/idempotency/tools/conformance/gen/connectrpc/conformance/v1"
	"github.com/oncewire/idempotency/tools/conformance/suite"
)

// failure is the error that an answer is to be, with more details.
func failure(defined *conformancev1.Error, more ...proto.Message) *connect.Error {
	failed := connect.NewError(connect.Code(defined.GetCode()), errors.New(defined.GetMessage()))
	for _, packed := range suite.Details(defined, more...) {
		detail, err := connect.NewErrorDetail(packed)
		if err != nil {
			return connect.NewError(connect.CodeInternal, err)
		}
		failed.AddDetail(detail)
	}
	return failed
}
