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

// refused is the status of a refusal of a call with key-1, as some service sends
// it.
func refused(t *testing.T, code codes.Code, reason, operation string, more ...protoadapt.MessageV1) error {
	t.Helper()
	return refusedWith(t, code, reason, operation, idempotency.RefusalMark(t.Context(), operation, "key-1"), more...)
}

func refusedWith(t *testing.T, code codes.Code, reason, operation, mark string, more ...protoadapt.MessageV1) error {
	t.Helper()
	details := append([]protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason: reason, Domain: idempotency.Domain, Metadata: map[string]string{"operation": operation, "mark": mark},
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
			got := answerTo(t, refused(t, want.code, string(reason), procedure))
			wantRefusal(t, got, want.status, reason, want.next)
			wantMark(t, got, "key-1")
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

// TestRefusalPassedOn: what a handler got from another service, or for another
// key, is the handler's answer.
func TestRefusalPassedOn(t *testing.T) {
	reason := string(idempotency.ReasonKeyReused)
	for name, failure := range map[string]error{
		"operation": refused(t, codes.InvalidArgument, reason, "/ledger.v1.Ledger/Book"),
		"key": refusedWith(t, codes.InvalidArgument, reason, procedure,
			idempotency.RefusalMark(t.Context(), procedure, "key-2")),
		"mark of the wrong operation": refusedWith(t, codes.InvalidArgument, reason, procedure,
			idempotency.RefusalMark(t.Context(), "/ledger.v1.Ledger/Book", "key-1")),
		"reason as mark": refusedWith(t, codes.InvalidArgument, reason, procedure, reason),
	} {
		t.Run(name, func(t *testing.T) {
			got := answerTo(t, failure)
			if got.status != http.StatusBadRequest || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("got %d %v", got.status, got.header)
			}
			if mark, refused := got.header[idempotency.RefusedField]; refused {
				t.Errorf("an outer layer would not record the answer: %q", mark)
			}
		})
	}
}

// TestForgedRefusalIsRecorded: a refusal that is not this call's releases nothing
// at the edge, with whatever code and reason it comes.
func TestForgedRefusalIsRecorded(t *testing.T) {
	const reason = string(idempotency.ReasonKeyReused)
	for name, failure := range map[string]error{
		"operation": refused(t, codes.InvalidArgument, reason, "/ledger.v1.Ledger/Book"),
		"key": refusedWith(t, codes.InvalidArgument, reason, procedure,
			idempotency.RefusalMark(t.Context(), procedure, "key-2")),
		"no mark": refusedWith(t, codes.InvalidArgument, reason, procedure, ""),
	} {
		t.Run(name, func(t *testing.T) {
			service := &payments{fail: func(context.Context) error { return failure }}
			rest, _ := guardedEdge(t, service)
			wantReplay(t, rest.post("key-1"), rest.post("key-1"))
			wantRuns(t, service, 1)
		})
	}
}

// TestReasonOfLaterVersion: no text for it, but no recording either.
func TestReasonOfLaterVersion(t *testing.T) {
	got := answerTo(t, refused(t, codes.InvalidArgument, "MERCURY_RETROGRADE", procedure))
	if got.status != http.StatusBadRequest {
		t.Errorf("got %d %v", got.status, got.header)
	}
	wantMark(t, got, "key-1")
}
