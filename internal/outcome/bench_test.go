package outcome_test

import (
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/oncewire/idempotency/internal/outcome"
)

func BenchmarkMarshal(b *testing.B) {
	headers := map[string][]string{"content-type": {"application/grpc"}, "x-request-cost": {"3"}}
	b.Run("RPC", func(b *testing.B) {
		answer := outcome.RPC{Message: wrapperspb.String("a receipt of some length"), Headers: headers}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := answer.Marshal(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("HTTP", func(b *testing.B) {
		response := outcome.HTTP{Status: 201, Headers: set(headers), Body: []byte(`{"receipt":"of some length"}`)}
		b.ReportAllocs()
		for b.Loop() {
			_ = response.Marshal()
		}
	})
}

func BenchmarkRead(b *testing.B) {
	rpc, http := stored(b)
	b.Run("RPC", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := outcome.ReadRPC(rpc); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("HTTP", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := outcome.ReadHTTP(http); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("copy", func(b *testing.B) {
		read, err := outcome.ReadHTTP(http)
		ok(b, err)
		into := copied(read.Headers)
		b.ReportAllocs()
		for b.Loop() {
			read.Headers.CopyTo(into)
		}
	})
}
