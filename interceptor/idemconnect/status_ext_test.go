package idemconnect_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"syscall"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/gen/payments/v1/paymentsv1connect"
	"github.com/oncewire/idempotency/interceptor/idemconnect"
)

func detailed(t *testing.T, message string) error {
	t.Helper()
	detail, err := connect.NewErrorDetail(&errdetails.ErrorInfo{Reason: "CLOSED", Metadata: map[string]string{"a": "1", "b": "2", "c": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	failure := connect.NewError(connect.CodeFailedPrecondition, errors.New(message))
	failure.AddDetail(detail)
	return failure
}

// fromElsewhere returns an error that a handler got from another server.
func fromElsewhere() error {
	failure := connect.NewWireError(connect.CodeNotFound, errors.New("no such account"))
	failure.Meta().Set("Elsewhere", "secret")
	return failure
}

func failures(t *testing.T) map[string]error {
	t.Helper()
	all := map[string]error{
		"no code":              errors.New("boom"),
		"empty text":           errors.New(""),
		"canceled":             context.Canceled,
		"canceled, wrapped":    fmt.Errorf("call: %w", context.Canceled),
		"deadline":             context.DeadlineExceeded,
		"deadline, wrapped":    fmt.Errorf("call: %w", context.DeadlineExceeded),
		"deadline, joined":     errors.Join(os.ErrDeadlineExceeded, context.Canceled),
		"os deadline":          os.ErrDeadlineExceeded,
		"os deadline, wrapped": &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded},
		"EPIPE":                &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE},
		"ECONNRESET":           &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET},
		"ECONNREFUSED":         &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
		"client disconnected":  errors.New("client disconnected"),
		"stream closed":        errors.New("http2: stream closed"),
		"stream closed, more":  errors.New("write: http2: stream closed"),
		"EOF":                  io.ErrUnexpectedEOF,
		"request too large":    &http.MaxBytesError{Limit: 1},
		"code, wrapped":        fmt.Errorf("call: %w", connect.NewError(connect.CodeNotFound, errors.New("no"))),
		"code over deadline":   connect.NewError(connect.CodeNotFound, context.DeadlineExceeded),
		"deadline over code":   fmt.Errorf("%w: %w", context.DeadlineExceeded, connect.NewError(connect.CodeNotFound, errors.New("no"))),
		"code without error":   connect.NewError(connect.CodeNotFound, nil),
		"typed nil":            (*connect.Error)(nil),
		"not modified":         connect.NewNotModifiedError(http.Header{"Etag": {"1"}}),
		"from elsewhere":       fromElsewhere(),
		"elsewhere, wrapped":   fmt.Errorf("call: %w", fromElsewhere()),
		"a code of the future": connect.NewError(connect.Code(99), errors.New("later")),
		"details":              detailed(t, "café closed"),
		"text not UTF-8":       connect.NewError(connect.CodeNotFound, errors.New("caf\xe9 \xff%")),
		"no code, not UTF-8":   errors.New("caf\xe9"),
	}
	for code := connect.CodeCanceled; code <= connect.CodeUnauthenticated; code++ {
		all[code.String()] = connect.NewError(code, errors.New("no"))
	}
	return all
}

// compared are the protocols with their own form of errors.
var compared = map[string][]connect.ClientOption{
	"connect": nil, "grpc": {connect.WithGRPC()}, "grpc-web": {connect.WithGRPCWeb()},
}

// TestErrorsAreReadAsConnectSendsThem compares with a server without a guard: over
// each protocol, a first call and a replay return the error that it sends, and the
// verdict is that on its code.
func TestErrorsAreReadAsConnectSendsThem(t *testing.T) {
	for name, failure := range failures(t) {
		t.Run(name, func(t *testing.T) {
			fail := func(context.Context, *createRequest) (*createResponse, error) { return nil, failure }
			bare := serveWith(t, &service{create: fail})
			guarding := &service{create: fail}
			guarded := payments(t, guarding, newEngine(t))
			verdict := idemconnect.DefaultClassifier(errorFrom(t, bare.newClient(), "k"))
			for recorder, options := range compared {
				runs := guarding.runs.Load() + 1
				checkSameError(t, "first over "+recorder, errorFrom(t, guarded.newClient(options...), recorder), errorFrom(t, bare.newClient(options...), "k"))
				for player, options := range compared {
					if verdict != idempotency.Record {
						runs++
					}
					want := errorFrom(t, bare.newClient(options...), "k")
					again := errorFrom(t, guarded.newClient(options...), recorder)
					checkSameError(t, recorder+" again over "+player, again, want)
					if marked := again.Meta().Get(marker) != ""; guarding.runs.Load() != runs || marked != (verdict == idempotency.Record) {
						t.Errorf("%v, %s again over %s: %d runs, want %d, marked %t", want, recorder, player, guarding.runs.Load(), runs, marked)
					}
				}
			}
		})
	}
}

func errorFrom(t *testing.T, client paymentsv1connect.PaymentServiceClient, key string) *connect.Error {
	t.Helper()
	_, err := create(client, key, nil)
	failure, ok := errors.AsType[*connect.Error](err)
	if !ok {
		t.Fatalf("the client gets %v", err)
	}
	return failure
}

func checkSameError(t *testing.T, which string, got, want *connect.Error) {
	t.Helper()
	same := slices.EqualFunc(got.Details(), want.Details(), func(a, b *connect.ErrorDetail) bool {
		return a.Type() == b.Type() && bytes.Equal(a.Bytes(), b.Bytes())
	})
	if got.Code() != want.Code() || got.Message() != want.Message() || !same {
		t.Errorf("%s: %q with %d details, want %q", which, got, len(got.Details()), want)
	}
	if secret := got.Meta().Values("Elsewhere"); len(secret) != len(want.Meta().Values("Elsewhere")) {
		t.Errorf("%s: metadata of another server is %q", which, secret)
	}
}
