package idemconnect2_test

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
	"strings"
	"syscall"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemconnect2"
)

func detailed(t *testing.T, message string) error {
	t.Helper()
	detail, err := connectproto.NewErrorDetail(&errdetails.ErrorInfo{Reason: "CLOSED", Metadata: map[string]string{"a": "1", "b": "2", "c": "3"}})
	if err != nil {
		t.Fatal(err)
	}
	return connect.NewError(connect.CodeFailedPrecondition, message).WithDetail(detail)
}

// fromElsewhere returns an error that a handler got from another server.
func fromElsewhere(code connect.Code) error {
	return connect.NewError(code, "a secret").WithDetail(&connect.ErrorDetail{Type: "secret.Detail", Value: []byte("x")}).WithRemote()
}

func failures(t *testing.T) map[string]error {
	t.Helper()
	all := map[string]error{
		"no code":               errors.New("boom"),
		"canceled":              context.Canceled,
		"canceled, wrapped":     fmt.Errorf("call: %w", context.Canceled),
		"deadline":              context.DeadlineExceeded,
		"deadline, joined":      errors.Join(os.ErrDeadlineExceeded, context.Canceled),
		"os deadline":           os.ErrDeadlineExceeded,
		"os deadline, wrapped":  &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded},
		"EPIPE":                 &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE},
		"ECONNREFUSED":          &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED},
		"client disconnected":   errors.New("client disconnected"),
		"EOF":                   io.ErrUnexpectedEOF,
		"request too large":     &http.MaxBytesError{Limit: 1},
		"code, wrapped":         fmt.Errorf("call: %w", connect.NewError(connect.CodeNotFound, "no")),
		"code over deadline":    connect.NewError(connect.CodeNotFound, "no").WithCause(context.DeadlineExceeded),
		"deadline over code":    fmt.Errorf("%w: %w", context.DeadlineExceeded, connect.NewError(connect.CodeNotFound, "no")),
		"code without text":     connect.NewError(connect.CodeNotFound, ""),
		"code zero":             connect.NewError(0, "zero"),
		"typed nil":             (*connect.Error)(nil),
		"not modified":          connecthttp.NewNotModifiedError(),
		"from elsewhere":        fromElsewhere(connect.CodeNotFound),
		"elsewhere, wrapped":    fmt.Errorf("call: %w", fromElsewhere(connect.CodeInternal)),
		"a code of the future":  connect.NewError(connect.Code(99), "later"),
		"details":               detailed(t, "café closed"),
		"text not UTF-8":        connect.NewError(connect.CodeNotFound, "caf\xe9 \xff%"),
		"a detail without type": connect.NewError(connect.CodeNotFound, "no").WithDetail(new(connect.ErrorDetail)),
	}
	for code := connect.CodeCanceled; code <= connect.CodeUnauthenticated; code++ {
		all[code.String()] = connect.NewError(code, "no")
		if idemconnect2.DefaultClassifier(connect.NewError(code, "")) == idempotency.Record {
			all[code.String()+" from elsewhere"] = fromElsewhere(code)
		}
	}
	return all
}

// TestErrorsAreReadAsConnectSendsThem compares with a server without a guard: over
// each protocol and in process, a first call and a replay return the error that it
// sends.
func TestErrorsAreReadAsConnectSendsThem(t *testing.T) {
	for name, failure := range failures(t) {
		t.Run(name, func(t *testing.T) {
			fail := func(context.Context, *paymentsv1.CreatePaymentRequest) (*paymentsv1.Payment, error) {
				return nil, failure
			}
			plain, guarding := newServer(&service{create: fail}), &service{create: fail}
			behind := newServer(guarding, newGuard(t, newEngine(t)))
			bare, guarded := clientsOf(serve(t, mounted(plain)), plain), clientsOf(serve(t, mounted(behind)), behind)
			_, err := create(bare["connect proto"], "k", nil)
			recorded := idemconnect2.DefaultClassifier(errorIn(t, err)) == idempotency.Record
			compared := []string{"connect json", "grpc", "grpc-web", "in process"}
			if errors.Is(failure, os.ErrDeadlineExceeded) && !errors.Is(failure, context.Canceled) {
				compared = compared[:3] // in process, connect-go gives it another code
			}
			for _, recorder := range compared {
				runs := guarding.runs.Load() + 1
				compareErrors(t, "first over "+recorder, guarded[recorder], bare[recorder], recorder)
				for _, player := range compared {
					if !recorded {
						runs++
					}
					again := compareErrors(t, recorder+" again over "+player, guarded[player], bare[player], recorder)
					if guarding.runs.Load() != runs || again.marked() != recorded {
						t.Errorf("%s again over %s: %d runs, want %d, marked %t", recorder, player, guarding.runs.Load(), runs, again.marked())
					}
				}
			}
		})
	}
}

// compareErrors requires that two clients get the same error.
func compareErrors(t *testing.T, which string, guarded, bare caller, key string) answer {
	t.Helper()
	got, err := create(guarded, keyOf(key), nil)
	_, want := create(bare, keyOf(key), nil)
	checkSameError(t, which, errorIn(t, err), errorIn(t, want))
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("%s: %v", which, err)
	}
	return got
}

func errorIn(t *testing.T, err error) *connect.Error {
	t.Helper()
	failure, ok := errors.AsType[*connect.Error](err)
	if !ok {
		t.Fatalf("the client gets %v", err)
	}
	return failure
}

func checkSameError(t *testing.T, which string, got, want *connect.Error) {
	t.Helper()
	same := slices.EqualFunc(got.Details(), want.Details(), func(a, b *connect.ErrorDetail) bool {
		return a.Type == b.Type && bytes.Equal(a.Value, b.Value)
	})
	if got.Code() != want.Code() || got.Message() != want.Message() || !same {
		t.Errorf("%s: %q with %d details, want %q", which, got, len(got.Details()), want)
	}
}

// TestVerdictOnAnotherServersError is that on its own code, although the client gets
// Internal.
func TestVerdictOnAnotherServersError(t *testing.T) {
	for code, runs := range map[connect.Code]int64{connect.CodeAborted: 2, connect.CodeUnavailable: 2, connect.CodeNotFound: 1} {
		service := failing(fromElsewhere(code))
		client := payments(t, service, newEngine(t)).newClient()
		_, first := create(client, "k", nil)
		_, _ = create(client, "k", nil)
		if connect.CodeOf(first) != connect.CodeInternal || service.runs.Load() != runs {
			t.Errorf("%v: %v, %d runs, want %d", code, first, service.runs.Load(), runs)
		}
	}
}
