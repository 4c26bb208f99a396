package main

import (
	"bytes"
	"context"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// door is one way into the server, as its clients see it.
type door interface {
	create(ctx context.Context, call call) answer
}

// call is a create with what travels beside it.
type call struct {
	keys    []string
	tenant  string
	request *paymentsv1.CreatePaymentRequest
}

// answer is what a client can see of an answer, in one form for all doors.
type answer struct {
	payment *paymentsv1.Payment // nil after an error

	code       codes.Code // of an RPC
	http       int        // status, at a door that has one; code is unset there
	message    string
	details    []byte // every detail of an error as it was sent, or the whole body over REST
	reason     string // of an ErrorInfo or of problem details
	retryAfter time.Duration

	replayed  bool
	paymentID string // response header
	attempt   string // response header
	entries   string // response trailer

	failure error // the answer did not arrive
}

// namedDoor is a door of a world.
type namedDoor struct {
	name string
	open func(*testing.T, *world) door
}

var doors = []namedDoor{
	{"REST", openREST},
	{"ConnectJSON", openConnect(connect.WithProtoJSON())},
	{"ConnectProto", openConnect()},
	{"GRPCWeb", openConnect(connect.WithGRPCWeb())},
	{"GRPCByConnect", openConnect(connect.WithGRPC())},
	{"GRPC", openGRPC},
}

// scene is a test at one door of a world of its own.
type scene struct {
	*testing.T
	*world

	door door
}

func (s scene) create(call call) answer { return s.door.create(s.Context(), call) }

// eachDoor runs a scenario at every door.
func eachDoor(t *testing.T, change func(*config), scenario func(scene)) {
	t.Helper()
	t.Parallel()
	for _, named := range doors {
		t.Run(named.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, change)
			scenario(scene{t, w, named.open(t, w)})
		})
	}
}

// charge is a call that succeeds.
func charge(key string) call {
	return call{keys: []string{key}, request: &paymentsv1.CreatePaymentRequest{
		Amount: 1250, Currency: "EUR", Customer: "ada", Description: "a book",
	}}
}

// simulated is the same call made to go wrong.
func (c call) simulated(how *paymentsv1.Simulate) call {
	c.request = proto.CloneOf(c.request)
	c.request.Simulate = how
	return c
}

// keyless is the same call without a key.
func (c call) keyless() call {
	c.keys = nil
	return c
}

// of is the same call for another customer, whom the ledger can be asked for.
func (c call) of(customer string) call {
	c.request = proto.CloneOf(c.request)
	c.request.Customer = customer
	return c
}

func (c call) by(tenant string) call {
	c.tenant = tenant
	return c
}

// wantFirst checks the answer of a call that has run and succeeded.
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

// wantReplayOf checks that everything came back. The doors may differ.
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

// refusal is what a client is told, in the words of either kind of door.
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

// wantError checks the answer of a call that has run and failed.
func (a answer) wantError(tb testing.TB, code codes.Code, http int) {
	tb.Helper()
	if a.failure != nil || a.http != 0 && a.http != http || a.http == 0 && a.code != code {
		tb.Fatalf("got %+v, want %v or %d", a, code, http)
	}
}
