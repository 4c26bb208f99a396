package rpc

import (
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/refusal"
	"github.com/oncewire/idempotency/internal/retry"
)

// coded returns a status, with a RetryInfo if the delay is not negative.
func coded(t *testing.T, code code.Code, delay time.Duration) *spb.Status {
	t.Helper()
	status := &spb.Status{Code: int32(code)}
	if delay >= 0 {
		info, err := anypb.New(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
		if err != nil {
			t.Fatal(err)
		}
		status.Details = append(status.Details, info)
	}
	return status
}

func refusedWith(reason idempotency.Reason, after time.Duration) *spb.Status {
	return refusal.Encode(&idempotency.Error{Reason: reason, RetryAfter: after}, "/s.S/M")
}

// advisedBy returns the refusal of a server that says what to do, after a second.
func advisedBy(t *testing.T, reason idempotency.Reason, next idempotency.Next) *spb.Status {
	t.Helper()
	status := coded(t, code.Code_UNAVAILABLE, time.Second)
	info, err := anypb.New(&errdetails.ErrorInfo{
		Reason: string(reason), Domain: idempotency.Domain, Metadata: map[string]string{"next": string(next)},
	})
	if err != nil {
		t.Fatal(err)
	}
	status.Details = append(status.Details, info)
	return status
}

func TestAdvice(t *testing.T) {
	const second = time.Second
	for name, test := range map[string]struct {
		failure Failure
		want    retry.Advice
	}{
		"unavailable":             {Failure{Status: coded(t, code.Code_UNAVAILABLE, -1)}, retry.Advice{Retry: true}},
		"unavailable, told":       {Failure{Status: coded(t, code.Code_UNAVAILABLE, second)}, retry.Advice{Retry: true, After: second}},
		"a broken stream":         {Failure{Status: coded(t, code.Code_INTERNAL, -1), Broken: true}, retry.Advice{Retry: true}},
		"exhausted":               {Failure{Status: coded(t, code.Code_RESOURCE_EXHAUSTED, -1)}, retry.Advice{}},
		"exhausted, told":         {Failure{Status: coded(t, code.Code_RESOURCE_EXHAUSTED, 0)}, retry.Advice{Retry: true}},
		"exhausted, pushed back":  {Failure{Status: coded(t, code.Code_RESOURCE_EXHAUSTED, -1), Pushback: []string{"1000"}}, retry.Advice{Retry: true, After: second}},
		"exhausted, Retry-After":  {Failure{Status: coded(t, code.Code_RESOURCE_EXHAUSTED, -1), RetryAfter: second, AsksForPause: true}, retry.Advice{Retry: true, After: second}},
		"aborted":                 {Failure{Status: coded(t, code.Code_ABORTED, -1)}, retry.Advice{}},
		"aborted, told":           {Failure{Status: coded(t, code.Code_ABORTED, second)}, retry.Advice{Retry: true, After: second}},
		"the longest pause":       {Failure{Status: coded(t, code.Code_UNAVAILABLE, second), Pushback: []string{"500"}, RetryAfter: 2 * second, AsksForPause: true}, retry.Advice{Retry: true, After: 2 * second}},
		"told not to":             {Failure{Status: coded(t, code.Code_UNAVAILABLE, -1), Pushback: []string{"-1"}}, retry.Advice{}},
		"pushed back by nonsense": {Failure{Status: coded(t, code.Code_UNAVAILABLE, -1), Pushback: []string{"soon"}}, retry.Advice{}},
		"pushed back twice":       {Failure{Status: coded(t, code.Code_UNAVAILABLE, -1), Pushback: []string{"1", "1"}}, retry.Advice{}},
		"a replay":                {Failure{Status: coded(t, code.Code_UNAVAILABLE, -1), Replayed: true}, retry.Advice{}},
		"deadline exceeded":       {Failure{Status: coded(t, code.Code_DEADLINE_EXCEEDED, second)}, retry.Advice{}},
		"canceled":                {Failure{Status: coded(t, code.Code_CANCELLED, -1)}, retry.Advice{}},
		"internal, told":          {Failure{Status: coded(t, code.Code_INTERNAL, second)}, retry.Advice{}},
		"in progress":             {Failure{Status: refusedWith(idempotency.ReasonInProgress, second)}, retry.Advice{Retry: true, Running: true, After: second}},
		"told to ask an operator": {Failure{Status: advisedBy(t, idempotency.ReasonInProgress, idempotency.NextAskOperator)}, retry.Advice{}},
		"a newer retry_same_key":  {Failure{Status: advisedBy(t, "NEW", idempotency.NextRetrySameKey)}, retry.Advice{Retry: true, After: second}},
		"a newer use_new_key":     {Failure{Status: advisedBy(t, "NEW", idempotency.NextUseNewKey)}, retry.Advice{}},
		"store unavailable":       {Failure{Status: refusedWith(idempotency.ReasonStoreUnavailable, second)}, retry.Advice{Retry: true, After: second}},
		"key reused":              {Failure{Status: refusedWith(idempotency.ReasonKeyReused, 0)}, retry.Advice{}},
		"outcome unknown":         {Failure{Status: refusedWith(idempotency.ReasonOutcomeUnknown, 0), RetryAfter: second, AsksForPause: true}, retry.Advice{}},
		"a newer reason":          {Failure{Status: refusedWith("NEW", 0)}, retry.Advice{}},
		"a newer reason, told":    {Failure{Status: refusedWith("NEW", second)}, retry.Advice{Retry: true, After: second}},
	} {
		if got := test.failure.Advice(); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestKeyFields(t *testing.T) {
	for name, valid := range map[string]bool{
		"Idempotency-Key": true, "x_request.id2": true,
		"": false, "key-bin": false, "Grpc-Key": false, "a key": false, "schlüssel": false, ":path": false,
	} {
		if isKeyField(name) != valid {
			t.Errorf("%q is valid: %t", name, !valid)
		}
	}
}
