package refusal

import (
	"reflect"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/internal/mark"
)

const operation = "/s.S/M"

func TestEveryReasonHasACode(t *testing.T) {
	for number, name := range idempotencyv1.Reason_name {
		reason := idempotency.Reason(name[len("REASON_"):])
		if _, ok := codes[reason]; ok != (number != 0) {
			t.Errorf("reason %s has a code: %t", reason, ok)
		}
	}
}

// TestEveryRefusalIsDecodedAsItWasEncoded: for every reason, with and without the
// optional parts.
func TestEveryRefusalIsDecodedAsItWasEncoded(t *testing.T) {
	text := mark.Of(operation, "key")
	for reason := range codes {
		for name, want := range map[string]*idempotency.Error{
			"bare":   {Reason: reason},
			"marked": {Reason: reason, Mark: text},
			"timed":  {Reason: reason, Mark: text, RetryAfter: 1500 * time.Millisecond},
			"ruled":  {Reason: reason, Rule: "blank"},
		} {
			got, called := Decode(Encode(want, operation))
			want.Advised = want.Next()
			if !reflect.DeepEqual(got, want) || called != operation {
				t.Errorf("%s %s: decoded as %+v of %s", reason, name, got, called)
			}
		}
	}
}

// TestRefusalOfANewerServer has what that server advises, also when another guard
// encodes it again.
func TestRefusalOfANewerServer(t *testing.T) {
	for _, next := range []idempotency.Next{
		idempotency.NextRetrySameKey, idempotency.NextUseNewKey, idempotency.NextFixRequest, idempotency.NextAskOperator,
	} {
		newer := &idempotency.Error{Reason: "NEW", Advised: next, RetryAfter: time.Second}
		got, _ := Decode(Encode(newer, operation))
		if !reflect.DeepEqual(got, newer) || got.Next() != next {
			t.Errorf("%s: decoded as %+v", next, got)
		}
	}
}

func TestRefusalContainsTheAdvice(t *testing.T) {
	status := Encode(&idempotency.Error{
		Reason: idempotency.ReasonKeyInvalid, Rule: "quotes", Mark: "m", RetryAfter: 1500 * time.Millisecond,
	}, operation)
	if status.GetCode() != int32(code.Code_INVALID_ARGUMENT) || len(status.GetDetails()) != 2 {
		t.Fatalf("status is %v", status)
	}
	info, retry := new(errdetails.ErrorInfo), new(errdetails.RetryInfo)
	if err := status.GetDetails()[0].UnmarshalTo(info); err != nil {
		t.Fatal(err)
	}
	if err := status.GetDetails()[1].UnmarshalTo(retry); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"next": "fix_request", "operation": operation, "mark": "m", "rule": "quotes"}
	if info.GetReason() != "KEY_INVALID" || info.GetDomain() != idempotency.Domain || !reflect.DeepEqual(info.GetMetadata(), want) {
		t.Errorf("info is %v", info)
	}
	if retry.GetRetryDelay().AsDuration() != 1500*time.Millisecond {
		t.Errorf("delay is %v", retry.GetRetryDelay())
	}
}

func TestNoRetryInfoWithoutATime(t *testing.T) {
	if details := Encode(idempotency.ErrOutcomeUnknown, operation).GetDetails(); len(details) != 1 {
		t.Errorf("details are %v", details)
	}
}

func TestOperationThatIsNotUTF8(t *testing.T) {
	if refusal, called := Decode(Encode(idempotency.ErrKeyReused, "/s\xff/M")); refusal == nil || called != "/s\uFFFD/M" {
		t.Errorf("decoded as %v of %q", refusal, called)
	}
}

// TestOtherStatusesAreNoRefusals: of another domain, broken, or without details.
func TestOtherStatusesAreNoRefusals(t *testing.T) {
	foreign, err := anypb.New(&errdetails.ErrorInfo{Reason: "IN_PROGRESS", Domain: "example.com"})
	if err != nil {
		t.Fatal(err)
	}
	broken := &anypb.Any{TypeUrl: "type.googleapis.com/google.rpc.ErrorInfo", Value: []byte{0xff}}
	for name, status := range map[string]*spb.Status{
		"nil": nil, "plain": {Code: 3}, "foreign": {Code: 3, Details: []*anypb.Any{foreign}}, "broken": {Code: 3, Details: []*anypb.Any{broken}},
	} {
		if refusal, _ := Decode(status); refusal != nil {
			t.Errorf("%s: decoded as %+v", name, refusal)
		}
	}
}
