package rpc

import (
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

func TestEveryReasonHasACode(t *testing.T) {
	for number, name := range idempotencyv1.Reason_name {
		reason := idempotency.Reason(name[len("REASON_"):])
		if _, ok := codes[reason]; ok != (number != 0) {
			t.Errorf("reason %s has a code: %t", reason, ok)
		}
	}
}

func TestRefusalTellsWhatToDo(t *testing.T) {
	status := Refusal(&idempotency.Error{Reason: idempotency.ReasonInProgress, RetryAfter: 1500 * time.Millisecond}, "/s/M")
	if status.GetCode() != int32(code.Code_ABORTED) || len(status.GetDetails()) != 2 {
		t.Fatalf("status is %v", status)
	}
	info, retry := new(errdetails.ErrorInfo), new(errdetails.RetryInfo)
	if err := status.GetDetails()[0].UnmarshalTo(info); err != nil {
		t.Fatal(err)
	}
	if err := status.GetDetails()[1].UnmarshalTo(retry); err != nil {
		t.Fatal(err)
	}
	if info.GetReason() != "IN_PROGRESS" || info.GetDomain() != idempotency.Domain || info.GetMetadata()["next"] != "retry_same_key" {
		t.Errorf("info is %v", info)
	}
	if retry.GetRetryDelay().AsDuration() != 1500*time.Millisecond {
		t.Errorf("delay is %v", retry.GetRetryDelay())
	}
}

func TestNoRetryInfoWithoutATime(t *testing.T) {
	if details := Refusal(idempotency.ErrOutcomeUnknown, "/s/M").GetDetails(); len(details) != 1 {
		t.Errorf("details are %v", details)
	}
}

// TestInnerRefusal : a refusal by a layer around the same operation means that
// nothing ran; one that a handler got from another service is its answer.
func TestInnerRefusal(t *testing.T) {
	refusal := Refusal(idempotency.ErrKeyReused, "/s/M")
	if !refusedInside(refusal, "/s/M") {
		t.Error("a refusal of the same operation is not seen")
	}
	if refusedInside(refusal, "/other/M") {
		t.Error("a refusal of another operation is taken for one of this")
	}
	if refusedInside(&spb.Status{Code: 3}, "/s/M") {
		t.Error("any error is a refusal")
	}
}

func TestVerdicts(t *testing.T) {
	want := map[code.Code]idempotency.Verdict{
		code.Code_CANCELLED: idempotency.Abandon, code.Code_DEADLINE_EXCEEDED: idempotency.Abandon,
		code.Code_UNAVAILABLE: idempotency.Release, code.Code_RESOURCE_EXHAUSTED: idempotency.Release,
		code.Code_ABORTED: idempotency.Release, code.Code_UNAUTHENTICATED: idempotency.Release,
	}
	for number := range code.Code_name {
		verdict, special := want[code.Code(number)]
		if !special {
			verdict = idempotency.Record
		}
		if got := Verdict(code.Code(number)); got != verdict {
			t.Errorf("%v: verdict %d, want %d", code.Code(number), got, verdict)
		}
	}
}
