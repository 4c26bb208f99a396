package outcome_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/internal/outcome"
)

func seed(f *testing.F) {
	f.Helper()

	rpc, http := stored(f)
	f.Add(rpc)
	f.Add(http)
	f.Add(newer(rpc))
	f.Add(newer(http))
	for _, raw := range []string{"", "\x08\x01", "\x08\x01\x12\x00", "\x08\x01\x1a\x03\x08\xc8\x01", "\x08\x01\x12\x02\x20\x01", "\x08\x01\x12\x04\x22\x02\x10\x01"} {
		f.Add([]byte(raw))
	}
}

// consistent requires that the fields can be copied, and that they are at most as many
// as counted.
func consistent(t *testing.T, fields outcome.Fields) {
	t.Helper()

	into := copied(fields)
	if len(into) > fields.Len() {
		t.Errorf("%d names, %d counted", len(into), fields.Len())
	}
	for name, values := range into {
		equal(t, "room left in "+name, cap(values), len(values))
		for _, value := range values {
			_ = append([]byte(nil), value...) // touches every byte
		}
	}
}

// exact copies the bytes into an allocation of exactly their length.
func exact(raw []byte) []byte {
	tight := make([]byte, len(raw))
	copy(tight, raw)
	return tight[:len(raw):len(raw)]
}

func FuzzReadRPC(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		read, err := outcome.ReadRPC(exact(raw))
		if err != nil {
			equal(t, "wraps ErrFormat", errors.Is(err, outcome.ErrFormat), true)
			return
		}
		consistent(t, read.Headers)
		consistent(t, read.Trailers)
		agreesOn(t, raw, func(message *idempotencyv1.Outcome) bool {
			rpc := message.GetRpc()
			return string(rpc.GetStatus()) == string(read.Status) && string(rpc.GetMessage()) == string(read.Message) &&
				rpc.GetMessageType() == read.MessageType
		})
	})
}

func FuzzReadHTTP(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		read, err := outcome.ReadHTTP(exact(raw))
		if err != nil {
			equal(t, "wraps ErrFormat", errors.Is(err, outcome.ErrFormat), true)
			return
		}
		consistent(t, read.Headers)
		consistent(t, read.Trailers)
		agreesOn(t, raw, func(message *idempotencyv1.Outcome) bool {
			return int(message.GetHttp().GetStatus()) == read.Status && string(message.GetHttp().GetBody()) == string(read.Body)
		})
	})
}

// agreesOn compares with the generated code if the bytes have the form in which
// outcomes are written: the generated code then writes the same bytes again.
func agreesOn(t *testing.T, raw []byte, same func(*idempotencyv1.Outcome) bool) {
	t.Helper()

	message := &idempotencyv1.Outcome{}
	if proto.Unmarshal(raw, message) != nil {
		return
	}
	again, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil || string(again) != string(raw) {
		return
	}
	if !same(message) {
		t.Errorf("the generated code reads %v", message)
	}
}

// FuzzHTTPRoundTrip writes any answer and reads it.
func FuzzHTTPRoundTrip(f *testing.F) {
	f.Add(uint16(201), "Location", "/payments/1", "", "paid")
	f.Add(uint16(204), "", "", "\xff", "")
	f.Fuzz(func(t *testing.T, status uint16, name, one, two, body string) {
		response := outcome.HTTP{
			Status: int(status), Body: []byte(body),
			Headers: set(map[string][]string{name: {one, two}}), Trailers: set(map[string][]string{two: {}}),
		}
		read, err := outcome.ReadHTTP(response.Marshal())
		if status < 200 || status > 999 {
			unreadable(t, err)
			return
		}
		ok(t, err)
		equal(t, "status", read.Status, int(status))
		equal(t, "body", string(read.Body), body)
		sameFields(t, "headers", copied(read.Headers), asMap(response.Headers))
		sameFields(t, "trailers", copied(read.Trailers), asMap(response.Trailers))
	})
}
