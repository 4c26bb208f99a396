package idemgrpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// carrier is an error of another type that has a status.
type carrier struct{ status *status.Status }

func (c carrier) Error() string              { return "an error of our own" }
func (c carrier) GRPCStatus() *status.Status { return c.status }

func detailed(t *testing.T, message string) error {
	t.Helper()
	detail, err := anypb.New(&errdetails.ErrorInfo{Reason: "CLOSED", Metadata: map[string]string{"a": "1", "b": "2", "c": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	foreign := &anypb.Any{TypeUrl: "example.com/no.such.Type", Value: []byte{1, 2, 3}}
	return status.FromProto(&spb.Status{
		Code: int32(codes.FailedPrecondition), Message: message, Details: []*anypb.Any{detail, foreign},
	}).Err()
}

// TestErrorsAreReadAsGRPCSendsThem compares with a server without a guard: a first
// call and a replay return the status that it sends, and the verdict is that on its
// code.
func TestErrorsAreReadAsGRPCSendsThem(t *testing.T) {
	failures := map[string]error{
		"no status":             errors.New("boom"),
		"empty text":            errors.New(""),
		"canceled":              context.Canceled,
		"canceled, wrapped":     fmt.Errorf("call: %w", context.Canceled),
		"deadline":              context.DeadlineExceeded,
		"deadline, wrapped":     fmt.Errorf("call: %w", context.DeadlineExceeded),
		"os deadline":           os.ErrDeadlineExceeded,
		"EOF":                   io.EOF,
		"net":                   &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET},
		"status, wrapped":       fmt.Errorf("call: %w", status.Error(codes.NotFound, "no such payment")),
		"status, joined":        errors.Join(errors.New("first"), status.Error(codes.NotFound, "no such payment")),
		"context over status":   fmt.Errorf("%w: %w", context.Canceled, status.Error(codes.NotFound, "no")),
		"own type":              carrier{status.New(codes.OutOfRange, "too much")},
		"own type, wrapped":     fmt.Errorf("call: %w", carrier{status.New(codes.OutOfRange, "too much")}),
		"own type without any":  carrier{},
		"own type, OK":          carrier{status.New(codes.OK, "fine")},
		"own type, OK, no text": carrier{status.New(codes.OK, "")},
		"details":               detailed(t, "café closed"),
		"details, wrapped":      fmt.Errorf("call: %w", detailed(t, "café closed")),
		"a code of the future":  status.Error(codes.Code(99), "later"),
		"text not UTF-8":        status.Error(codes.NotFound, "caf\xe9 \xff%"),
		"text and details":      detailed(t, "caf\xe9 \xff%"),
		"text with control":     status.Error(codes.NotFound, "a\x00b\r\nc"),
		"no status, not UTF-8":  errors.New("caf\xe9"),
		"long":                  status.Error(codes.NotFound, string(bytes.Repeat([]byte("é"), 2000))),
	}
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		failures[code.String()] = status.Error(code, "no")
	}
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			fail := func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
				return nil, failure
			}
			sent := create(serve(t, &service{create: fail}), "k", nil)
			guarding := &service{create: fail}
			client := serve(t, guarding, guarded(t, newEngine(t)))
			first, again := create(client, "k", nil), create(client, "k", nil)
			checkSameStatus(t, "first", first.err, sent.err)
			checkSameStatus(t, "again", again.err, sent.err)
			runs := int64(2)
			if idemgrpc.DefaultClassifier(status.Convert(sent.err)) == idempotency.Record {
				runs = 1
			}
			if _, marked := again.replayed(); guarding.runs.Load() != runs || marked != (runs == 1) {
				t.Errorf("%v: %d runs, want %d, marked %t", sent.err, guarding.runs.Load(), runs, marked)
			}
		})
	}
}

func checkSameStatus(t *testing.T, which string, got, want error) {
	t.Helper()
	a, b := status.Convert(got).Proto(), status.Convert(want).Proto()
	same := slices.EqualFunc(a.GetDetails(), b.GetDetails(), func(a, b *anypb.Any) bool {
		return a.GetTypeUrl() == b.GetTypeUrl() && bytes.Equal(a.GetValue(), b.GetValue())
	})
	if want == nil || a.GetCode() != b.GetCode() || a.GetMessage() != b.GetMessage() || !same {
		t.Errorf("%s: %q, want %q", which, a, b)
	}
}
