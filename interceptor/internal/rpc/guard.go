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
	// Marker is the value of ReplayedField. Every replay shares it.
	Marker []string

	methods Methods
	prints  Fingerprinter
	filter  outcome.Filter
}

// NewGuard returns the guard of one interceptor, whose package has the name.
// The error names every option that cannot be honoured.
func NewGuard[Option ~func(*Config)](name string, engine *idempotency.Engine, options []Option) (*Guard, error) {
	config, err := configure(name, engine, options)
	if err != nil {
		return nil, err
	}
	replayed := strings.ToLower(engine.ReplayedField())
	return &Guard{
		Config:        config,
		Engine:        engine,
		KeyField:      strings.ToLower(engine.KeyField()),
		ReplayedField: replayed,
		Marker:        []string{"true"},
		filter:        outcome.NewFilter(config.Unstored, config.SetCookie, replayed),
	}, nil
}

// Call returns the call to run, and one without a key when it is not guarded.
func (g *Guard) Call(ctx context.Context, method *Method, keys []string, request any) (idempotency.Call, error) {
	if len(keys) == 0 && method.Use != idempotency.KeyRequired {
		return idempotency.Call{}, nil
	}
	key, err := g.Engine.ParseKey(ctx, method.Operation, method.Schema, keys)
	if err != nil || key == "" {
		return idempotency.Call{}, err
	}
	call := idempotency.Call{Operation: method.Operation, Key: key}
	message, ok := Message(request)
	if !ok {
		return call, g.Engine.Refuse(ctx, call, idempotency.ErrNotSupported, errNoProtobuf)
	}
	call.Fingerprint = g.prints.Fingerprint(message)
	return call, nil
}

// Stream returns the refusal of a stream that carries a key, which cannot be
// honoured and must not be ignored.
func (g *Guard) Stream(ctx context.Context, method *Method, keys []string) error {
	if len(keys) == 0 || method.Use == idempotency.KeyOff {
		return nil
	}
	key, err := g.Engine.ParseKey(ctx, method.Operation, method.Schema, keys)
	if err != nil {
		return err
	}
	return g.Engine.Refuse(ctx, idempotency.Call{Operation: method.Operation, Key: key}, idempotency.ErrNotSupported, errStream)
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
