package main

import (
	"bytes"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// answer is what a client gets, in the same form for all protocols.
type answer struct {
	payment *paymentsv1.Payment // nil after an error

	code       codes.Code // of an RPC
	http       int        // status of an error over REST; 0 over the other protocols
	message    string
	details    []byte // the details of an error in their bytes; the whole body over REST
	reason     string // of an ErrorInfo or of problem details
	retryAfter time.Duration

	replayed  bool
	paymentID string // response header
	attempt   string // response header
	entries   string // response trailer

	failure error // set if no answer arrived
}

// wantFirst checks the answer to a call that ran and succeeded.
func (a answer) wantFirst(tb testing.TB) {
	tb.Helper()
	switch {
	case a.payment == nil:
		tb.Fatalf("no payment: %+v", a)
	case a.replayed:
		tb.Errorf("a first answer is marked as a replay")
	case a.payment.GetId() == "" || a.paymentID != a.payment.GetId():
		tb.Errorf("payment %q with header %q", a.payment.GetId(), a.paymentID)
	case a.entries == "":
		tb.Errorf("no trailer")
	}
}

// wantReplayOf checks that the answer repeats all of the first one, which may have
// come over another protocol.
func (a answer) wantReplayOf(tb testing.TB, first answer) {
	tb.Helper()
	if !a.replayed {
		tb.Errorf("not marked as a replay: %+v", a)
	}
	if !proto.Equal(a.payment, first.payment) {
		tb.Errorf("payment %v, want %v", a.payment, first.payment)
	}
	if a.paymentID != first.paymentID || a.attempt != first.attempt || a.entries != first.entries {
		tb.Errorf("metadata %q %q %q, want %q %q %q",
			a.paymentID, a.attempt, a.entries, first.paymentID, first.attempt, first.entries)
	}
	if a.message != first.message || a.code != first.code || a.http != first.http {
		tb.Errorf("%v %d %q, want %v %d %q", a.code, a.http, a.message, first.code, first.http, first.message)
	}
	if !bytes.Equal(a.details, first.details) {
		tb.Errorf("details\n%q, want\n%q", a.details, first.details)
	}
}

// refusal is what identifies a refusal, over REST and over the other protocols.
type refusal struct {
	reason idempotency.Reason
	code   codes.Code
	http   int
}

var (
	inProgress  = refusal{idempotency.ReasonInProgress, codes.Aborted, 409}
	unknown     = refusal{idempotency.ReasonOutcomeUnknown, codes.FailedPrecondition, 409}
	notKept     = refusal{idempotency.ReasonOutcomeNotKept, codes.FailedPrecondition, 409}
	keyReused   = refusal{idempotency.ReasonKeyReused, codes.InvalidArgument, 422}
	keyInvalid  = refusal{idempotency.ReasonKeyInvalid, codes.InvalidArgument, 422}
	keyMissing  = refusal{idempotency.ReasonKeyMissing, codes.InvalidArgument, 400}
	storeIsDown = refusal{idempotency.ReasonStoreUnavailable, codes.Unavailable, 503}

	rolledBack    = refusal{idempotency.ReasonRolledBack, codes.Unavailable, 503}
	commitUnknown = refusal{idempotency.ReasonCommitUnknown, codes.Unavailable, 503}
)

func (a answer) is(want refusal) bool {
	return a.reason == string(want.reason) && (a.http == want.http || a.http == 0 && a.code == want.code)
}

func (a answer) wantRefusal(tb testing.TB, want refusal) {
	tb.Helper()
	if !a.is(want) {
		tb.Errorf("got %+v, want %+v", a, want)
	}
	if a.replayed {
		tb.Error("a refusal is marked as a replay")
	}
}

// wantError checks the answer to a call that ran and failed. The HTTP status is the
// one over REST.
func (a answer) wantError(tb testing.TB, code codes.Code, http int) {
	tb.Helper()
	if a.failure != nil || a.http != 0 && a.http != http || a.http == 0 && a.code != code {
		tb.Fatalf("got %+v, want %v or %d", a, code, http)
	}
}
