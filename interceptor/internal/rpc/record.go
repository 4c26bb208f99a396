package rpc

import (
	"cmp"
	"context"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/code"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// Fields are headers, trailers or metadata with names in lower case and binary
// values decoded.
type Fields = map[string][]string

// Success is the answer of a handler that returned a message. What is no
// protobuf message cannot be kept.
func (g *Guard) Success(operation string, response any, headers, trailers Fields) idempotency.Answer {
	policy := g.Engine.PolicyFor(operation)
	if verdict, ok := policy.Verdicts[int(code.Code_OK)]; ok && verdict != idempotency.Record {
		return idempotency.Answer{Verdict: verdict}
	}
	message, ok := Message(response)
	if !ok {
		return idempotency.Answer{Verdict: idempotency.Record, NotKept: true}
	}
	return g.keep(policy, outcome.RPC{Message: message, Headers: g.stored(headers), Trailers: g.stored(trailers)})
}

// Failure is the answer of a handler that returned an error.
func (g *Guard) Failure(operation string, status *spb.Status, headers, trailers Fields) idempotency.Answer {
	policy := g.Engine.PolicyFor(operation)
	if verdict := g.verdict(policy, operation, status); verdict != idempotency.Record {
		return idempotency.Answer{Verdict: verdict}
	}
	raw, err := proto.Marshal(status)
	if err != nil {
		return idempotency.Answer{Verdict: idempotency.Record, NotKept: true}
	}
	return g.keep(policy, outcome.RPC{Status: raw, Headers: g.stored(headers), Trailers: g.stored(trailers)})
}

func (g *Guard) verdict(policy *idempotency.Policy, operation string, status *spb.Status) idempotency.Verdict {
	if refusedInside(status, operation) {
		return idempotency.Release
	}
	if verdict, ok := policy.Verdicts[int(status.GetCode())]; ok {
		return verdict
	}
	return g.Classify(status)
}

func (g *Guard) keep(policy *idempotency.Policy, answer outcome.RPC) idempotency.Answer {
	raw, err := answer.Marshal()
	// An answer that cannot be serialized does not reach the first caller
	// either, and has happened all the same.
	if err != nil || int64(len(raw)) > cmp.Or(policy.MaxResponse, int64(g.MaxResponse)) {
		return idempotency.Answer{Verdict: idempotency.Record, NotKept: true}
	}
	return idempotency.Answer{Verdict: idempotency.Record, Outcome: raw}
}

// stored drops what is not to be stored; the fields are the caller's own copy.
func (g *Guard) stored(fields Fields) Fields {
	for name := range fields {
		if !g.filter.Stores(name) {
			delete(fields, name)
		}
	}
	return fields
}

// Replay is a recorded answer: a status, or else a message.
type Replay struct {
	Status   *spb.Status
	Message  proto.Message
	Headers  outcome.Fields
	Trailers outcome.Fields
}

// Replay reads a recorded answer. The error is idempotency.ErrStore: it ran,
// and the record cannot be read.
func (g *Guard) Replay(ctx context.Context, operation string, method *Method, raw []byte) (Replay, error) {
	replay, err := g.read(method, raw)
	if err != nil {
		return Replay{}, g.Engine.Refuse(ctx, idempotency.Call{Operation: operation}, idempotency.ErrOutcomeUnreadable, err)
	}
	return replay, nil
}

func (g *Guard) read(method *Method, raw []byte) (Replay, error) {
	stored, err := outcome.ReadRPC(raw)
	if err != nil {
		return Replay{}, err
	}
	replay := Replay{Headers: stored.Headers, Trailers: stored.Trailers}
	if len(stored.Status) > 0 {
		replay.Status = new(spb.Status)
		err = proto.Unmarshal(stored.Status, replay.Status)
	} else {
		replay.Message, err = g.message(method, &stored)
	}
	return replay, err
}

func (g *Guard) message(method *Method, stored *outcome.StoredRPC) (proto.Message, error) {
	kind := messageType(method, stored.MessageType)
	if kind == nil {
		return nil, fmt.Errorf("%w: %q", errNoType, stored.MessageType)
	}
	return NewReplayed(kind, stored.Message, g.Typed)
}

// messageType prefers the generated type, and can do with the descriptor of a
// method that is served without generated code.
func messageType(method *Method, name string) protoreflect.MessageType {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err == nil {
		return kind
	}
	if method.Descriptor == nil || string(method.Descriptor.Output().FullName()) != name {
		return nil
	}
	return dynamicpb.NewMessageType(method.Descriptor.Output())
}
