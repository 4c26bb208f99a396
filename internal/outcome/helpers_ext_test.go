package outcome_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/internal/outcome"
)

// fields returns headers with unusual names and values.
func fields() map[string][]string {
	return map[string][]string{
		"content-type": {"application/grpc"},
		"x-many":       {"one", "two", "one", ""},
		"x-none":       {},
		"x-empty":      {""},
		"trace-bin":    {"\x00\xff\x80", "\xc3("},
		"":             {"nameless"},
	}
}

// set returns the changes of a handler that sets the fields.
func set(fields map[string][]string) (changes []outcome.Change) {
	for name, values := range fields {
		changes = append(changes, outcome.Change{Name: name, Values: values})
	}
	return changes
}

func asMap(changes []outcome.Change) map[string][]string {
	fields := map[string][]string{}
	for _, change := range changes {
		fields[change.Name] = change.Values
	}
	return fields
}

// copied returns stored fields as a map.
func copied(stored outcome.Fields) map[string][]string {
	into := map[string][]string{}
	stored.CopyTo(into)
	return into
}

// generated returns fields in the form of the generated code, in any order.
func generated(fields map[string][]string) (list []*idempotencyv1.Field) {
	for name, values := range fields {
		field := &idempotencyv1.Field{Name: name}
		for _, value := range values {
			field.Values = append(field.Values, []byte(value))
		}
		list = append(list, field)
	}
	return list
}

func plain(list []*idempotencyv1.Field) map[string][]string {
	fields := map[string][]string{}
	for _, field := range list {
		values := make([]string, 0, len(field.GetValues()))
		for _, value := range field.GetValues() {
			values = append(values, string(value))
		}
		fields[field.GetName()] = values
	}
	return fields
}

func sameFields(tb testing.TB, what string, got, want map[string][]string) {
	tb.Helper()
	if !maps.EqualFunc(got, want, slices.Equal) {
		tb.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func equal[T comparable](tb testing.TB, what string, got, want T) {
	tb.Helper()
	if got != want {
		tb.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func ok(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("unexpected error: %v", err)
	}
}

// unreadable requires an error that wraps ErrFormat.
func unreadable(tb testing.TB, err error) {
	tb.Helper()
	if !errors.Is(err, outcome.ErrFormat) {
		tb.Errorf("got error %v, want %v", err, outcome.ErrFormat)
	}
}

// wire serializes an outcome with the generated code.
func wire(tb testing.TB, message *idempotencyv1.Outcome) []byte {
	tb.Helper()
	raw, err := proto.Marshal(message)
	ok(tb, err)
	return raw
}

func rpcOutcome(rpc *idempotencyv1.RpcOutcome) *idempotencyv1.Outcome {
	return &idempotencyv1.Outcome{Format: 1, Kind: &idempotencyv1.Outcome_Rpc{Rpc: rpc}}
}

func httpOutcome(http *idempotencyv1.HttpOutcome) *idempotencyv1.Outcome {
	return &idempotencyv1.Outcome{Format: 1, Kind: &idempotencyv1.Outcome_Http{Http: http}}
}

// parsed reads an outcome with the generated code.
func parsed(tb testing.TB, raw []byte) *idempotencyv1.Outcome {
	tb.Helper()
	message := &idempotencyv1.Outcome{}
	ok(tb, proto.Unmarshal(raw, message))
	if unknown := message.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		tb.Errorf("%d bytes of fields that the schema does not have", len(unknown))
	}
	return message
}
