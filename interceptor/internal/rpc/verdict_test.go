package rpc

import (
	"testing"

	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/oncewire/idempotency"
)

func TestVerdicts(t *testing.T) {
	want := map[code.Code]idempotency.Verdict{
		code.Code_UNAUTHENTICATED: idempotency.Release, code.Code_UNIMPLEMENTED: idempotency.Release,
		code.Code_RESOURCE_EXHAUSTED: idempotency.Release, code.Code_ABORTED: idempotency.Release,
		code.Code_CANCELLED: idempotency.Abandon, code.Code_DEADLINE_EXCEEDED: idempotency.Abandon,
		code.Code_UNAVAILABLE: idempotency.Abandon,
	}
	for number := range code.Code_name {
		verdict, special := want[code.Code(number)]
		if !special {
			verdict = idempotency.Record
		}
		if got := DefaultVerdict(code.Code(number)); got != verdict {
			t.Errorf("%v: verdict %d, want %d", code.Code(number), got, verdict)
		}
	}
}
