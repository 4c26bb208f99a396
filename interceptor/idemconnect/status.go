package idemconnect

import (
	"context"
	"errors"
	"net/http"
	"os"
	"syscall"

	"connectrpc.com/connect"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/types/known/anypb"
)

// errorOf returns the Connect error of a status, with the same details.
func errorOf(status *spb.Status) *connect.Error {
	err := connect.NewError(connect.Code(status.GetCode()), errors.New(status.GetMessage()))
	for _, packed := range status.GetDetails() {
		// Never fails: an Any is used unchanged.
		if detail, failed := connect.NewErrorDetail(packed); failed == nil {
			err.AddDetail(detail)
		}
	}
	return err
}

// statusOf returns the status that connect-go sends for an error.
func statusOf(err error) *spb.Status {
	coded, ok := errors.AsType[*connect.Error](err)
	if !ok || coded == nil {
		return &spb.Status{Code: int32(codeOf(err)), Message: err.Error()}
	}
	status := &spb.Status{Code: int32(coded.Code()), Message: coded.Message()}
	for _, detail := range coded.Details() {
		status.Details = append(status.Details, &anypb.Any{
			TypeUrl: "type.googleapis.com/" + detail.Type(), Value: detail.Bytes(),
		})
	}
	return status
}

// codeOf returns the code with which connect-go sends an error without a code; see
// wrapIfContextError in its error.go.
func codeOf(err error) connect.Code {
	switch {
	case errors.Is(err, context.Canceled):
		return connect.CodeCanceled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return connect.CodeDeadlineExceeded
	case clientDisconnected(err):
		return connect.CodeCanceled
	default:
		return connect.CodeUnknown
	}
}

// clientDisconnected reports whether connect-go handles an error as a failure to
// write to the client. An error that the handler got from another connection looks
// the same.
func clientDisconnected(err error) bool {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return true
	}
	text := err.Error() // of unexported errors of net/http
	return text == "client disconnected" || text == "http2: stream closed"
}

// metaOf returns the metadata of an error that connect-go sends: none if the error
// came from another server.
func metaOf(err error) http.Header {
	coded, ok := errors.AsType[*connect.Error](err)
	if !ok || coded == nil || connect.IsWireError(coded) {
		return nil
	}
	return coded.Meta()
}
