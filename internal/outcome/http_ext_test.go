package outcome_test

import (
	"bytes"
	"testing"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/internal/outcome"
)

var responses = map[string]outcome.HTTP{
	"bare":   {Status: 204},
	"full":   {Status: 201, Headers: set(fields()), Body: []byte("{}\n"), Trailers: set(map[string][]string{"X-Sum": {"1"}})},
	"binary": {Status: 200, Body: []byte{0, 0xff, 0x80, '\n', 0}},
	"large":  {Status: 200, Body: bytes.Repeat([]byte("x"), 1<<20)},
	"last":   {Status: 999},
}

func TestHTTPConformsToTheSchema(t *testing.T) {
	for name, response := range responses {
		t.Run(name, func(t *testing.T) {
			message := parsed(t, response.Marshal())
			equal(t, "format", message.GetFormat(), 1)
			http := message.GetHttp()
			equal(t, "status", int(http.GetStatus()), response.Status)
			equal(t, "same body", bytes.Equal(http.GetBody(), response.Body), true)
			sameFields(t, "headers", plain(http.GetHeaders()), asMap(response.Headers))
			sameFields(t, "trailers", plain(http.GetTrailers()), asMap(response.Trailers))
		})
	}
}

func TestHTTPRoundTrip(t *testing.T) {
	for name, response := range responses {
		t.Run(name, func(t *testing.T) {
			stored, err := outcome.ReadHTTP(response.Marshal())
			ok(t, err)
			equal(t, "status", stored.Status, response.Status)
			equal(t, "same body", bytes.Equal(stored.Body, response.Body), true)
			sameFields(t, "headers", copied(stored.Headers), asMap(response.Headers))
			sameFields(t, "trailers", copied(stored.Trailers), asMap(response.Trailers))
			equal(t, "number of headers", stored.Headers.Len(), len(response.Headers))
			equal(t, "number of trailers", stored.Trailers.Len(), len(response.Trailers))
		})
	}
}

func TestHTTPOfTheGeneratedCodeIsRead(t *testing.T) {
	raw := wire(t, httpOutcome(&idempotencyv1.HttpOutcome{
		Status: 422, Body: []byte("body"), Headers: generated(fields()), Trailers: generated(map[string][]string{"X": {"y"}}),
	}))
	stored, err := outcome.ReadHTTP(raw)
	ok(t, err)
	equal(t, "status", stored.Status, 422)
	equal(t, "body", string(stored.Body), "body")
	sameFields(t, "headers", copied(stored.Headers), fields())
	sameFields(t, "trailers", copied(stored.Trailers), map[string][]string{"X": {"y"}})
}

func TestInvalidStatusIsRefused(t *testing.T) {
	for _, status := range []uint32{0, 1, 100, 103, 199, 1000, 1 << 31} {
		_, err := outcome.ReadHTTP(wire(t, httpOutcome(&idempotencyv1.HttpOutcome{Status: status})))
		unreadable(t, err)
	}
}
