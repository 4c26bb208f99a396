package rpc

import (
	"context"
	"fmt"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// Replay is a recorded answer: a status, or else a message.
type Replay struct {
	Status   *spb.Status
	Message  proto.Message
	Headers  outcome.Fields
	Trailers outcome.Fields
}

// Replay reads the recorded answer of a call that has this key. The error is
// [idempotency.ErrOutcomeUnreadable].
func (g *Guard) Replay(ctx context.Context, method *Method, key string, raw []byte) (Replay, error) {
	replay, err := g.read(method, raw)
	if err != nil {
		call := idempotency.Call{Operation: method.Operation, Key: key}
		return Replay{}, g.Engine.Refuse(ctx, call, idempotency.ErrOutcomeUnreadable, err)
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
		replay.Status, err = unmarshalStatus(stored.Status)
	} else {
		replay.Message, err = g.message(method, &stored)
	}
	return replay, err
}

// message decodes the stored message into a new one of the type that a first
// answer has, for interceptors and codecs that look at it or change it.
func (g *Guard) message(method *Method, stored *outcome.StoredRPC) (proto.Message, error) {
	kind := method.response
	if kind == nil {
		kind = linkedMessage(stored.MessageType)
	}
	if kind == nil {
		return nil, fmt.Errorf("%w: %q", errNoType, stored.MessageType)
	}
	if g.Raw {
		return newRaw(kind, stored.Message), nil
	}
	message := kind.New().Interface()
	return message, intoNew.Unmarshal(stored.Message, message)
}

// intoNew decodes into a message that was just made, which need not be reset.
var intoNew = proto.UnmarshalOptions{Merge: true, AllowPartial: true}

// linkedMessage is for a method whose schema is not linked in.
func linkedMessage(name string) protoreflect.MessageType {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		return nil
	}
	return kind
}
