package rpc

import (
	"cmp"

	"google.golang.org/genproto/googleapis/rpc/code"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
	"github.com/oncewire/idempotency/internal/refusal"
)

// Success is the answer of a handler that returned a message. What is no
// protobuf message cannot be kept.
func (g *Guard) Success(method *Method, response any, headers, trailers Fields) idempotency.Answer {
	if verdict, ok := method.Policy.Verdicts[int(code.Code_OK)]; ok && verdict != idempotency.Record {
		return idempotency.Answer{Verdict: verdict}
	}
	message, ok := Message(response)
	if !ok {
		return idempotency.Answer{Verdict: idempotency.Record, NotKept: true}
	}
	return g.keep(method, outcome.RPC{Message: message, Headers: g.stored(headers), Trailers: g.stored(trailers)})
}

// Failure is the answer of a handler that returned an error. The key tells a
// refusal of the same call by a guard inside from an answer.
func (g *Guard) Failure(method *Method, key string, status *spb.Status, headers, trailers Fields) idempotency.Answer {
	if refusedInside(method, key, status) {
		return idempotency.Answer{NoEffect: true}
	}
	verdict := g.verdict(method, status)
	if verdict != idempotency.Record {
		return idempotency.Answer{Verdict: verdict}
	}
	answer := g.keep(method, outcome.RPC{
		Status: marshalStatus(status), Headers: g.stored(headers), Trailers: g.stored(trailers),
	})
	answer.ServerError = serverError(code.Code(status.GetCode()))
	return answer
}

// refusedInside reports whether the status is the refusal of this very call by a
// guard inside of this one: the handler did not run.
func refusedInside(method *Method, key string, status *spb.Status) bool {
	refused, _ := refusal.Decode(status)
	return refused != nil && idempotency.HasRefusalMark(refused.Mark, method.Operation, key)
}

func (g *Guard) verdict(method *Method, status *spb.Status) idempotency.Verdict {
	if verdict, ok := method.Policy.Verdicts[int(status.GetCode())]; ok {
		return verdict
	}
	return g.Classify(status)
}

func (g *Guard) keep(method *Method, answer outcome.RPC) idempotency.Answer {
	raw, err := answer.Marshal()
	// An answer that cannot be serialized does not reach the first caller
	// either, and has happened all the same.
	if err != nil || int64(len(raw)) > cmp.Or(method.Policy.MaxResponse, int64(g.MaxResponse)) {
		return idempotency.Answer{Verdict: idempotency.Record, NotKept: true}
	}
	return idempotency.Answer{Verdict: idempotency.Record, Outcome: raw}
}
