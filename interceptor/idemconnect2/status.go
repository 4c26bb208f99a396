package idemconnect2

import (
	"context"
	"errors"
	"os"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	spb "google.golang.org/genproto/googleapis/rpc/status"
)

const defaultTypeURL = "type.googleapis.com/"

// errorOf returns the Connect error of a status, with the same details. gRPC sends
// the types of details as URLs, whose host is kept, and Connect as names.
func errorOf(status *spb.Status, info *connect.CallInfo) *connect.Error {
	err := connect.NewError(connect.Code(status.GetCode()), status.GetMessage())
	for _, packed := range status.GetDetails() {
		name := strings.TrimPrefix(packed.GetTypeUrl(), defaultTypeURL)
		if !isGRPC(info) {
			name = name[strings.LastIndexByte(name, '/')+1:]
		}
		err = err.WithDetail(&connect.ErrorDetail{Type: name, Value: packed.GetValue()})
	}
	return err
}

// statusOf returns the status of an error.
func statusOf(err *connect.Error) *spb.Status {
	status := &spb.Status{Code: int32(err.Code()), Message: err.Message()}
	for _, detail := range err.Details() {
		status.Details = append(status.Details, connectproto.ErrorDetailToAny(detail))
	}
	return status
}

// statuses returns the status of an error that a handler returned, and the one that
// connect-go sends for it: nothing of an error that another server made; see
// scrubHandlerError in connecthttp/error.go.
func statuses(err error) (returned, sent *spb.Status) {
	coded, ok := errors.AsType[*connect.Error](err)
	if !ok || coded == nil {
		uncoded := &spb.Status{Code: int32(codeOf(err))}
		return uncoded, uncoded
	}
	returned = statusOf(coded)
	if coded.IsRemote() {
		return returned, &spb.Status{Code: int32(connect.CodeInternal)}
	}
	return returned, returned
}

// codeOf returns the code with which connect-go sends an error without a code. It
// does not send the text of one.
func codeOf(err error) connect.Code {
	switch {
	case errors.Is(err, context.Canceled):
		return connect.CodeCanceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return connect.CodeDeadlineExceeded
	default:
		return connect.CodeUnknown
	}
}
