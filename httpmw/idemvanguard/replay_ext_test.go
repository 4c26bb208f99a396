package idemvanguard_test

import (
	"net/http"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/mark"
)

func TestReplay(t *testing.T) {
	eachFramework(t, func(t *testing.T, f framework) {
		h := new(handling)
		server := start(t, f, h)
		first := server.post("key-1")
		wantReplay(t, first, server.post("key-1"))
		wantRuns(t, h, 1)
		if first.status != http.StatusOK || !strings.Contains(first.body, "1250") {
			t.Errorf("first answer %d %s", first.status, first.body)
		}
		if other := server.post("key-2"); other.replayed() || other.body == first.body {
			t.Errorf("another key was replayed: %s", other.body)
		}
	})
}

// failure returns an error of the handler with an ErrorInfo.
func failure(t *testing.T, number code.Code, info *errdetails.ErrorInfo) *handling {
	t.Helper()
	return &handling{fail: func() *spb.Status {
		return &spb.Status{Code: int32(number), Message: "declined", Details: []*anypb.Any{pack(t, info)}}
	}}
}

func pack(t *testing.T, message proto.Message) *anypb.Any {
	t.Helper()
	packed, err := anypb.New(message)
	if err != nil {
		t.Error(err)
	}
	return packed
}

func TestReplayOfError(t *testing.T) {
	eachFramework(t, func(t *testing.T, f framework) {
		h := failure(t, code.Code_FAILED_PRECONDITION, &errdetails.ErrorInfo{Reason: "CARD_DECLINED", Domain: "payments.example"})
		server := start(t, f, h)
		first := server.post("key-1")
		wantReplay(t, first, server.post("key-1"))
		wantRuns(t, h, 1)
		if first.status != http.StatusBadRequest || !strings.Contains(first.body, "CARD_DECLINED") {
			t.Errorf("details lost: %d %s", first.status, first.body)
		}
	})
}

// TestForgedRefusalIsRecorded: a refusal that the service's handler received for another
// operation or key is an error of the handler.
func TestForgedRefusalIsRecorded(t *testing.T) {
	const ledger = "/ledger.v1.Ledger/Book"
	for name, metadata := range map[string]map[string]string{
		"operation":                   {"operation": ledger, "mark": mark.Of(ledger, "key-1")},
		"key":                         {"operation": procedure, "mark": mark.Of(procedure, "key-2")},
		"mark of the wrong operation": {"operation": procedure, "mark": mark.Of(ledger, "key-1")},
		"reason as mark":              {"operation": procedure, "mark": "KEY_REUSED"},
	} {
		t.Run(name, func(t *testing.T) {
			eachFramework(t, func(t *testing.T, f framework) {
				h := failure(t, code.Code_INVALID_ARGUMENT, &errdetails.ErrorInfo{
					Reason: string(idempotency.ReasonKeyReused), Domain: idempotency.Domain, Metadata: metadata,
				})
				server := start(t, f, h)
				first := server.post("key-1")
				wantReplay(t, first, server.post("key-1"))
				wantRuns(t, h, 1)
				if first.status != http.StatusBadRequest || first.header.Get("Content-Type") != "application/json" {
					t.Errorf("got %d %v", first.status, first.header)
				}
				if marks, refused := first.header[mark.Field]; refused {
					t.Errorf("a guard around Vanguard would not record the answer: %q", marks)
				}
			})
		})
	}
}
