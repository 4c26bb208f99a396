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
	"github.com/oncewire/idempotency/internal/mark"
)

// refused returns the status of a refusal of a call with key-1.
func refused(t *testing.T, code codes.Code, reason, operation string, more ...protoadapt.MessageV1) error {
	t.Helper()
	return refusedWith(t, code, reason, operation, mark.Of(operation, "key-1"), more...)
}

// refusedWith is refused with a given mark.
func refusedWith(t *testing.T, code codes.Code, reason, operation, text string, more ...protoadapt.MessageV1) error {
	t.Helper()
	details := append([]protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason: reason, Domain: idempotency.Domain, Metadata: map[string]string{"operation": operation, "mark": text},
	}}, more...)
	s, err := status.New(code, "refused").WithDetails(details...)
	if err != nil {
		t.Error(err)
	}
	return s.Err()
}

// answerTo returns the gateway's answer to an error of the service.
func answerTo(t *testing.T, failure error) answer {
	t.Helper()
	address, _ := serve(t, &payments{fail: func(context.Context) error { return failure }}, nil)
	return newREST(t, newMux(t, address, idemgateway.ServeMuxOptions()...)).post("key-1")
}

// TestRefusals: a refusal has the status of package httpmw. The gateway alone would
// answer 400 to several of them.
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

// TestRefusalPassedOn: a refusal that the service's handler received for another
// operation or key is an error of the handler.
func TestRefusalPassedOn(t *testing.T) {
	reason := string(idempotency.ReasonKeyReused)
	for name, failure := range map[string]error{
		"operation": refused(t, codes.InvalidArgument, reason, "/ledger.v1.Ledger/Book"),
		"key": refusedWith(t, codes.InvalidArgument, reason, procedure,
			mark.Of(procedure, "key-2")),
		"mark of the wrong operation": refusedWith(t, codes.InvalidArgument, reason, procedure,
			mark.Of("/ledger.v1.Ledger/Book", "key-1")),
		"reason as mark": refusedWith(t, codes.InvalidArgument, reason, procedure, reason),
	} {
		t.Run(name, func(t *testing.T) {
			got := answerTo(t, failure)
			if got.status != http.StatusBadRequest || got.header.Get("Content-Type") != "application/json" {
				t.Errorf("got %d %v", got.status, got.header)
			}
			if marks, refused := got.header[mark.Field]; refused {
				t.Errorf("a guard around the gateway would not record the answer: %q", marks)
			}
		})
	}
}

// TestForgedRefusalIsRecorded: the edge records a refusal that does not have the
// mark of its call.
func TestForgedRefusalIsRecorded(t *testing.T) {
	const reason = string(idempotency.ReasonKeyReused)
	for name, failure := range map[string]error{
		"operation": refused(t, codes.InvalidArgument, reason, "/ledger.v1.Ledger/Book"),
		"key": refusedWith(t, codes.InvalidArgument, reason, procedure,
			mark.Of(procedure, "key-2")),
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

// TestReasonOfLaterVersion: this version has no text for the reason, but the mark
// still tells the edge not to record the answer.
func TestReasonOfLaterVersion(t *testing.T) {
	got := answerTo(t, refused(t, codes.InvalidArgument, "MERCURY_RETROGRADE", procedure))
	if got.status != http.StatusBadRequest {
		t.Errorf("got %d %v", got.status, got.header)
	}
	wantMark(t, got, "key-1")
}
