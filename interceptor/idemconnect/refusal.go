package idemconnect

import (
	"context"
	"errors"

	"connectrpc.com/connect"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// refusal turns an error of the engine into a Connect error: one of ours, or
// that of the context when the caller gave up first.
func refusal(err error, operation string) error {
	if ours, ok := errors.AsType[*idempotency.Error](err); ok {
		refused := errorOf(rpc.Refusal(ours, operation))
		// Over the Connect protocol it becomes a response header, by which
		// an httpmw around this server knows that nothing ran.
		refused.Meta().Set(idempotency.RefusedField, string(ours.Reason))
		return refused
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return connect.NewError(connect.CodeDeadlineExceeded, err)
	}
	return connect.NewError(connect.CodeCanceled, err)
}

// errorOf turns a status into a Connect error with the same details.
func errorOf(status *spb.Status) *connect.Error {
	err := connect.NewError(connect.Code(status.GetCode()), errors.New(status.GetMessage()))
	for _, packed := range status.GetDetails() {
		// An Any is taken as it is, and so cannot fail.
		if detail, failed := connect.NewErrorDetail(packed); failed == nil {
			err.AddDetail(detail)
		}
	}
	return err
}

// statusOf reads an error as connect-go does when it sends it.
func statusOf(err error) *spb.Status {
	ours, ok := errors.AsType[*connect.Error](err)
	if !ok || ours == nil {
		return &spb.Status{Code: int32(codeOf(err)), Message: err.Error()}
	}
	status := &spb.Status{Code: int32(ours.Code()), Message: ours.Message()}
	for _, detail := range ours.Details() {
		status.Details = append(status.Details, &anypb.Any{
			TypeUrl: "type.googleapis.com/" + detail.Type(), Value: detail.Bytes(),
		})
	}
	return status
}

func codeOf(err error) connect.Code {
	switch {
	case errors.Is(err, context.Canceled):
		return connect.CodeCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return connect.CodeDeadlineExceeded
	default:
		return connect.CodeUnknown
	}
}
