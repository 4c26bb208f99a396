package idemgrpc_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

// TestUnreadableRecords : a call whose record cannot be read is refused. It does not
// run again.
func TestUnreadableRecords(t *testing.T) {
	newer, err := proto.Marshal(&idempotencyv1.Outcome{
		Format: 2, Kind: &idempotencyv1.Outcome_Rpc{Rpc: &idempotencyv1.RpcOutcome{MessageType: "payments.v1.Payment"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{
		"nothing":            {},
		"junk":               []byte("\xff\xff\xff\xff junk"),
		"of another adapter": []byte("\x08\x01\x1a\x03\x08\xc8\x01"),
		"a newer format":     newer,
		"a broken message":   []byte("\x08\x01\x12\x03\x1a\x01\xff"),
		"a broken status":    []byte("\x08\x01\x12\x03\x0a\x01\xff"),
	} {
		engine := newEngine(t)
		service := new(service)
		record := func(context.Context) idempotency.Answer {
			return idempotency.Answer{Verdict: idempotency.Record, Outcome: raw}
		}
		if _, err := engine.Operation(createMethod, idempotency.Policy{}).Run(context.Background(), idempotency.Call{Key: "k"}, record); err != nil {
			t.Fatal(err)
		}
		got := create(serve(t, service, guarded(t, engine)), "k", nil)
		t.Run(name, func(t *testing.T) {
			checkRefusal(t, got.err, codes.FailedPrecondition, idempotency.ReasonOutcomeUnreadable, false)
		})
		if service.runs.Load() != 0 {
			t.Errorf("%s: it ran again", name)
		}
	}
}

// TestHostileMetadata has values that no grpc-go client can send.
func TestHostileMetadata(t *testing.T) {
	guard := newGuard(t, newEngine(t)).Unary
	for name, values := range map[string][]string{
		"a megabyte": {strings.Repeat("k", 1<<20)}, "NUL": {"\x00"}, "CRLF": {"a\r\nb"}, "many": make([]string, 10_000),
	} {
		ctx := metadata.NewIncomingContext(context.Background(), metadata.MD{keyField: values})
		_, err := guard(ctx, createRequest(), createInfo, func(context.Context, any) (any, error) {
			t.Errorf("%s: it ran", name)
			return nil, nil
		})
		checkRefusal(t, err, codes.InvalidArgument, idempotency.ReasonKeyInvalid, false)
	}
}
