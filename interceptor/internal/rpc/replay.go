package rpc

import (
	"context"
	"errors"
	"fmt"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

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

// Replay decodes the recorded answer of a call with the key. The error is
// [idempotency.ErrOutcomeUnreadable].
func (g *Guard) Replay(ctx context.Context, method *Method, key string, raw []byte) (Replay, error) {
	replay, err := g.decode(method, raw)
	if err != nil {
		return Replay{}, method.Operation.Refuse(ctx, key, idempotency.ErrOutcomeUnreadable, err)
	}
	return replay, nil
}

func (g *Guard) decode(method *Method, raw []byte) (Replay, error) {
	stored, err := outcome.ReadRPC(raw)
	if err == nil && stored.Stream {
		err = fmt.Errorf("%w: a stream", outcome.ErrFormat)
	}
	if err != nil {
		return Replay{}, err
	}
	replay := Replay{Headers: stored.Headers, Trailers: stored.Trailers}
	if len(stored.Status) > 0 {
		replay.Status, err = unmarshalStatus(stored.Status)
	} else {
		replay.Message, err = g.decodeMessage(method, &stored)
	}
	return replay, err
}

// decodeMessage decodes the recorded message into a new one of the type that a
// first answer has: outer interceptors and codecs may read or change it.
func (g *Guard) decodeMessage(method *Method, stored *outcome.StoredRPC) (proto.Message, error) {
	kind := method.response
	if kind == nil {
		kind = linkedMessage(protoreflect.FullName(stored.MessageType))
	}
	if kind == nil {
		return nil, fmt.Errorf("%w: %q", errNoType, stored.MessageType)
	}
	if g.config.RawReplays {
		return newRaw(kind, stored.Message), nil
	}
	message := kind.New().Interface()
	return message, unmarshalNew.Unmarshal(stored.Message, message)
}

// unmarshalNew decodes into a new message, which need not be reset.
var unmarshalNew = proto.UnmarshalOptions{Merge: true, AllowPartial: true}

var errNoType = errors.New("unknown message type")
