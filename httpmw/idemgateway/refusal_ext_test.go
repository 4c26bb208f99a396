package idemgateway_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// refused is the status of a refusal, as some service sends it.
func refused(t *testing.T, code codes.Code, reason, operation string, more ...protoadapt.MessageV1) error {
	t.Helper()
	details := append([]protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason: reason, Domain: idempotency.Domain, Metadata: map[string]string{"operation": operation},
	}}, more...)
	s, err := status.New(code, "refused").WithDetails(details...)
	if err != nil {
		t.Error(err)
	}
	return s.Err()
}

// answerTo is what the gateway makes of a service's error.
func answerTo(t *testing.T, failure error) answer {
	t.Helper()
	address, _ := serve(t, &payments{fail: func(context.Context) error { return failure }}, nil)
	return newREST(t, newMux(t, address, idemgateway.ServeMuxOptions()...)).post("key-1")
}

// TestRefusals: where the gateway alone would say 400, package httpmw's table
// decides.
func TestRefusals(t *testing.T) {
	for reason, want := range map[idempotency.Reason]struct {
		code   codes.Code
		status int
		next   idempotency.Next
	}{
		idempotency.ReasonOutcomeUnknown:  {codes.FailedPrecondition, http.StatusConflict, idempotency.NextAskOperator},
		idempotency.ReasonOutcomeNotKept:  {codes.FailedPrecondition, http.StatusConflict, idempotency.NextAskOperator},
		idempotency.ReasonRequestTooLarge: {codes.InvalidArgument, http.StatusRequestEntityTooLarge, idempotency.NextFixRequest},
		idempotency.ReasonScopeUnknown:    {codes.Unauthenticated, http.StatusUnauthorized, idempotency.NextFixRequest},
	} {
		t.Run(string(reason), func(t *testing.T) {
			wantRefusal(t, answerTo(t, refused(t, want.code, string(reason), procedure)), want.status, reason, want.next)
		})
	}
}

// TestRetryAfter: whole seconds, rounded up.
func TestRetryAfter(t *testing.T) {
	retry := &errdetails.RetryInfo{RetryDelay: durationpb.New(2500 * time.Millisecond)}
	got := answerTo(t, refused(t, codes.Aborted, string(idempotency.ReasonInProgress), procedure, retry))
	wantRefusal(t, got, http.StatusConflict, idempotency.ReasonInProgress, idempotency.NextRetrySameKey)
	if after := got.header.Get("Retry-After"); after != "3" {
		t.Errorf("Retry-After: %q, want 3", after)
	}
}

// TestRefusalPassedOn: what another service refused is the handler's answer.
func TestRefusalPassedOn(t *testing.T) {
	got := answerTo(t, refused(t, codes.InvalidArgument, string(idempotency.ReasonKeyReused), "/ledger.v1.Ledger/Book"))
	if got.status != http.StatusBadRequest || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("got %d %v", got.status, got.header)
	}
	if _, refused := got.header[idempotency.RefusedField]; refused {
		t.Error("an outer layer would not record the answer")
	}
}

// TestReasonOfLaterVersion: no text for it, but no recording either.
func TestReasonOfLaterVersion(t *testing.T) {
	got := answerTo(t, refused(t, codes.InvalidArgument, "MERCURY_RETROGRADE", procedure))
	if got.status != http.StatusBadRequest || got.header.Get(idempotency.RefusedField) != "MERCURY_RETROGRADE" {
		t.Errorf("got %d %v", got.status, got.header)
	}
}
