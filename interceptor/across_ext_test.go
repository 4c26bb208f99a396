package interceptor_test

import (
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

var fields = map[string][]string{"Ledger": {"a", "b, c"}, "Seal-Bin": {"\x00\xff", ""}, "Only-Here": {""}}

var request = &paymentsv1.CreatePaymentRequest{Amount: 1250, Customer: "ada", Simulate: &paymentsv1.Simulate{Hold: true}}

func payment() *paymentsv1.Payment {
	return &paymentsv1.Payment{Id: "pay_1", Amount: 1250, CreatedAt: &timestamppb.Timestamp{Seconds: 1790000000, Nanos: 7}}
}

func pack(t *testing.T, message proto.Message) *anypb.Any {
	t.Helper()
	packed, err := anypb.New(message)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// TestRecordedByOneReplayedByEach interceptor, over each of its protocols, and by the
// gateways in front of it.
func TestRecordedByOneReplayedByEach(t *testing.T) {
	details := []*anypb.Any{
		pack(t, &errdetails.ErrorInfo{Reason: "CLOSED", Metadata: map[string]string{"a": "1", "b": "2", "c": "3"}}),
		{TypeUrl: "type.googleapis.com/no.such.Type", Value: []byte("\xff not a message")},
		{TypeUrl: "schemas.example/no.other.Type"},
	}
	for name, h := range map[string]*handling{
		"a message":          {message: payment()},
		"an empty message":   {message: new(paymentsv1.Payment)},
		"metadata":           {message: payment(), headers: fields, trailers: fields},
		"an error":           {status: &spb.Status{Code: 9, Message: "café closed"}},
		"no text":            {status: &spb.Status{Code: 5}},
		"Unknown":            {status: &spb.Status{Code: 2, Message: "no"}},
		"Internal":           {status: &spb.Status{Code: 13, Message: "100 % \n no"}},
		"known details":      {status: &spb.Status{Code: 3, Message: "no", Details: details[:1]}},
		"details":            {status: &spb.Status{Code: 3, Message: "no", Details: details}, noJSON: true},
		"error and metadata": {status: &spb.Status{Code: 11, Message: "no", Details: details[:1]}, headers: fields, trailers: map[string][]string{"End": {"z"}}},
	} {
		t.Run(name, func(t *testing.T) { replayAcross(t, h) })
	}
}

func replayAcross(t *testing.T, h *handling) {
	t.Helper()
	callers := start(t, h)
	for _, recorder := range callers {
		runs := h.runs.Load()
		first := recorder.call(t.Context(), keyOf(recorder), request)
		for _, player := range callers {
			again := player.call(t.Context(), keyOf(recorder), request)
			again.isReplayOf(t, "recorded by "+recorder.name+", replayed by "+player.name, &first, h)
		}
		if h.runs.Load() != runs+1 {
			t.Errorf("%s: %d runs", recorder.name, h.runs.Load()-runs)
		}
	}
}

func keyOf(recorder caller) string {
	return strings.ReplaceAll(recorder.name, " ", "")
}

// TestRefusedByEach after a call to another one: the key was used for another request,
// and the answer was too large to keep.
func TestRefusedByEach(t *testing.T) {
	other := &paymentsv1.CreatePaymentRequest{Amount: 1}
	for name, test := range map[string]struct {
		answer  string
		request *paymentsv1.CreatePaymentRequest
		code    uint32
		reason  idempotency.Reason
	}{
		"key reused": {"", other, 3, idempotency.ReasonKeyReused},
		"not kept":   {strings.Repeat("x", maxResponse), request, 9, idempotency.ReasonOutcomeNotKept},
	} {
		t.Run(name, func(t *testing.T) {
			h := &handling{message: &paymentsv1.Payment{Description: test.answer}}
			callers := start(t, h)
			for _, recorder := range callers {
				first := recorder.call(t.Context(), keyOf(recorder), request)
				if !proto.Equal(first.message, h.message) {
					t.Fatalf("%s: %v, code %d %s", recorder.name, first.message, first.code, first.text)
				}
				for _, player := range callers {
					refused(t, recorder.name+", then "+player.name, player.call(t.Context(), keyOf(recorder), test.request), test.code, test.reason)
				}
			}
			if int(h.runs.Load()) != len(callers) {
				t.Errorf("%d runs", h.runs.Load())
			}
		})
	}
}

func refused(t *testing.T, which string, got answer, code uint32, reason idempotency.Reason) {
	t.Helper()
	if got.code != code || got.refusal == nil || got.refusal.Reason != reason || got.refusal.Mark == "" {
		t.Errorf("%s: code %d %s, refused with %+v", which, got.code, got.text, got.refusal)
	}
}

// TestInProgressAtEach while another one runs the call.
func TestInProgressAtEach(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	h := &handling{message: payment(), run: func() {
		started <- struct{}{}
		<-finish
	}}
	callers := start(t, h)
	for _, runner := range callers {
		done := make(chan answer)
		go func() { done <- runner.call(t.Context(), keyOf(runner), request) }()
		<-started
		for _, asker := range callers {
			refused(t, runner.name+", then "+asker.name, asker.call(t.Context(), keyOf(runner), request), 10, idempotency.ReasonInProgress)
		}
		finish <- struct{}{}
		if first := <-done; !proto.Equal(first.message, h.message) {
			t.Errorf("%s: %v", runner.name, first)
		}
	}
}

// TestReleasedByOneRunsAtEach : nothing is recorded of an error that follows no effect.
func TestReleasedByOneRunsAtEach(t *testing.T) {
	h := &handling{status: &spb.Status{Code: 10, Message: "conflict"}}
	callers := start(t, h)
	for _, one := range callers {
		for _, other := range callers {
			runs := h.runs.Load()
			for _, each := range []caller{one, other} {
				if got := each.call(t.Context(), "k", request); got.code != 10 || got.marked() || got.refusal != nil {
					t.Errorf("%s and %s: %+v", one.name, other.name, got)
				}
			}
			if h.runs.Load() != runs+2 {
				t.Errorf("%s and %s: %d runs", one.name, other.name, h.runs.Load()-runs)
			}
		}
	}
}
