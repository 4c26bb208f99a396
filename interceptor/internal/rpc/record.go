package rpc

import (
	"cmp"
	"google.golang.org/genproto/googleapis/rpc/code"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
	"github.com/oncewire/idempotency/internal/refusal"
)

// Success returns the answer of a handler that returned a response. It removes
// from the metadata what is not recorded. A response that is not a protobuf
// message is recorded without its content.
func (g *Guard) Success(method *Method, response any, headers, trailers Fields) idempotency.Answer {
	if answer := g.successVerdict(method); answer.Verdict != idempotency.Record {
		return answer
	}
	message, ok := asMessage(response)
	if !ok {
		return idempotency.Answer{Verdict: idempotency.Record, NotKept: true}
	}
	return g.record(method, outcome.RPC{Message: message, Headers: g.recorded(headers), Trailers: g.recorded(trailers)})
}

// successVerdict returns the answer, without its outcome, of a handler that returned no
// error.
func (g *Guard) successVerdict(method *Method) idempotency.Answer {
	if verdict, ok := method.Operation.Policy().Verdicts[int(code.Code_OK)]; ok {
		return idempotency.Answer{Verdict: verdict}
	}
	return idempotency.Answer{Verdict: idempotency.Record}
}

// Failure returns the answer of a handler that returned an error. It removes from
// the metadata what is not recorded. If an inner guard refused the call with this
// key, the handler did not run.
func (g *Guard) Failure(method *Method, key string, status *spb.Status, headers, trailers Fields) idempotency.Answer {
	return g.FailureSentAs(method, key, status, status, headers, trailers)
}

// FailureSentAs is [Guard.Failure] for a framework that sends another status than the
// handler returned: it decides by what the handler returned, and records what is sent.
func (g *Guard) FailureSentAs(method *Method, key string, returned, sent *spb.Status, headers, trailers Fields) idempotency.Answer {
	answer := g.failureVerdict(method, key, returned)
	if answer.NoEffect || answer.Verdict != idempotency.Record {
		return answer
	}
	made := g.record(method, outcome.RPC{
		Status: marshalStatus(sent), Headers: g.recorded(headers), Trailers: g.recorded(trailers),
	})
	answer.Outcome, answer.NotKept = made.Outcome, made.NotKept
	return answer
}

// failureVerdict returns the answer, without its outcome, of a handler that returned an
// error.
func (g *Guard) failureVerdict(method *Method, key string, returned *spb.Status) idempotency.Answer {
	refused, _ := refusal.Decode(returned)
	if refused != nil && method.Operation.HasRefusalMark(refused.Mark, key) {
		return idempotency.Answer{NoEffect: true}
	}
	verdict, ok := method.Operation.Policy().Verdicts[int(returned.GetCode())]
	if !ok {
		verdict = g.config.Classifier(returned)
	}
	if verdict != idempotency.Record {
		return idempotency.Answer{Verdict: verdict}
	}
	return idempotency.Answer{Verdict: verdict, ServerError: isServerError(code.Code(returned.GetCode())), Failed: true}
}

// record serializes an answer. One that is too large is recorded without its
// content. So is one that cannot be serialized: it does not reach the first
// caller either, but the handler ran.
func (g *Guard) record(method *Method, answer outcome.RPC) idempotency.Answer {
	raw, err := answer.Marshal()
	if err != nil || int64(len(raw)) > g.maxResponse(method) {
		return idempotency.Answer{Verdict: idempotency.Record, NotKept: true}
	}
	return idempotency.Answer{Verdict: idempotency.Record, Outcome: raw}
}

// recorded removes the fields that are not recorded.
func (g *Guard) recorded(fields Fields) Fields {
	for recorded := range fields {
		if name, _ := CutVerbatim(recorded); !g.filter.Stores(name) {
			delete(fields, recorded)
		}
	}
	return fields
}

// maxResponse returns how many bytes are recorded of an answer.
func (g *Guard) maxResponse(method *Method) int64 {
	return cmp.Or(method.Operation.Policy().MaxResponse, g.config.MaxResponse)
}
