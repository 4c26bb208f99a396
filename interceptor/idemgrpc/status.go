package idemgrpc

import (
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// statusOf returns the status that grpc-go sends for an error.
func statusOf(err error) *status.Status {
	if s, ok := status.FromError(err); ok {
		return s
	}
	return status.FromContextError(err)
}

// errorOf returns an error that grpc-go sends as the status.
func errorOf(recorded *spb.Status) error {
	s := status.FromProto(recorded)
	if s.Code() == codes.OK {
		return okError{s}
	}
	return s.Err()
}

// okError is an error with the code OK. Package status does not create one, but a
// handler can return one.
type okError struct{ status *status.Status }

func (e okError) Error() string { return e.status.Message() }

// GRPCStatus is the method by which grpc-go finds the status of an error.
func (e okError) GRPCStatus() *status.Status { return e.status }
