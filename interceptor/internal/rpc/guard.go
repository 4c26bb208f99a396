package rpc

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// Guard is the part of an interceptor that knows no protocol.
type Guard struct {
	Config

	Engine *idempotency.Engine
	// KeyField and ReplayedField are in lower case.
	KeyField, ReplayedField string
	// Mark is the value of a replay's mark. Every replay shares it.
	Mark []string

	methods Methods
	prints  Fingerprinter
	filter  outcome.Filter
}

// NewGuard returns the guard of one interceptor.
func NewGuard(engine *idempotency.Engine, config Config) *Guard {
	replayed := strings.ToLower(engine.ReplayedField())
	return &Guard{
		Config:        config,
		Engine:        engine,
		KeyField:      strings.ToLower(engine.KeyField()),
		ReplayedField: replayed,
		Mark:          []string{"true"},
		filter:        outcome.NewFilter(config.Unstored, config.SetCookie, replayed),
	}
}

// Method returns what is known of a procedure.
func (g *Guard) Method(procedure string, schema any) *Method {
	return g.methods.Lookup(procedure, schema)
}

// Call returns the call to run, and one without a key when it is not guarded.
func (g *Guard) Call(ctx context.Context, procedure string, schema idempotency.KeyUse, keys []string, request any) (idempotency.Call, error) {
	key, err := g.Engine.ParseKey(ctx, procedure, schema, keys)
	if err != nil || key == "" {
		return idempotency.Call{}, err
	}
	message, ok := Message(request)
	if !ok {
		return idempotency.Call{}, g.Engine.Refuse(ctx, idempotency.Call{Operation: procedure, Key: key}, idempotency.ErrNotSupported, errNoProtobuf)
	}
	return idempotency.Call{Operation: procedure, Key: key, Fingerprint: g.prints.Fingerprint(message)}, nil
}

// Stream returns the refusal of a stream that carries a key, which cannot be
// honoured and must not be ignored.
func (g *Guard) Stream(ctx context.Context, procedure string, schema idempotency.KeyUse, keys []string) *idempotency.Error {
	if len(keys) == 0 || g.Engine.KeyUse(procedure, schema) == idempotency.KeyOff {
		return nil
	}
	return g.Engine.Refuse(ctx, idempotency.Call{Operation: procedure}, idempotency.ErrNotSupported, errStream)
}

// Message returns a request or response as a protobuf message.
func Message(value any) (proto.Message, bool) {
	switch message := value.(type) {
	case proto.Message:
		return message, true
	case protoadapt.MessageV1:
		return protoadapt.MessageV2Of(message), true
	default:
		return nil, false
	}
}

// Causes of refusals, for the server's own log.
var (
	errNoProtobuf = errors.New("the request is no protobuf message")
	errStream     = errors.New("a stream cannot be replayed")
	errNoType     = errors.New("unknown message type")
)
