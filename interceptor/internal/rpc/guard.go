package rpc

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
	"github.com/oncewire/idempotency/internal/schema"
)

// Guard is the part of an interceptor that does not depend on its framework. It
// is safe for concurrent use.
type Guard struct {
	// KeyField and ReplayedField are names of metadata fields, in lower case.
	KeyField, ReplayedField string
	// Marker is the value of ReplayedField. All replays share it; it must not be
	// changed.
	Marker []string

	engine       *idempotency.Engine
	split        Splitter
	config       Config
	methods      methodCache[*Method]
	fingerprints fingerprinter
	filter       outcome.Filter
}

// NewGuard returns the guard of an interceptor, whose package has the name. The
// error names every option that is invalid.
func NewGuard[Option ~func(*Config)](name string, engine *idempotency.Engine, options []Option, split Splitter) (*Guard, error) {
	config, err := configure(name, engine, options)
	if err != nil {
		return nil, err
	}
	all := engine.Operation("*", idempotency.Policy{})
	if all.TakesRequestID() {
		engine.AddCheck("request IDs", schema.CheckRequestIDs)
	}
	engine.AddCheck("server streams", func(operations []string) error { return checkStreams(engine, operations) })
	replayed := strings.ToLower(all.ReplayedField())
	return &Guard{
		KeyField:      strings.ToLower(all.KeyField()),
		ReplayedField: replayed,
		Marker:        []string{"true"},
		engine:        engine,
		split:         split,
		config:        config,
		filter:        outcome.NewFilter(config.UnrecordedFields, config.SetCookie, replayed),
	}, nil
}

// NewRequest returns an empty request message for a call whose message is not
// decoded yet, in the type that a handler with generated code has. It returns nil if
// nothing of the message is needed: the key field in the metadata has no values, and
// the message has no field for the key. Then the call is to run unguarded. The error
// is a refusal.
func (g *Guard) NewRequest(ctx context.Context, method *Method, keys []string) (proto.Message, error) {
	if len(keys) > 0 || !method.takesKeyInMessage() {
		key, err := method.Operation.ParseKey(ctx, keys)
		if err != nil || key == "" {
			return nil, err
		}
		if method.request == nil {
			return nil, method.Operation.Refuse(ctx, key, idempotency.ErrNotSupported, errNoSchema)
		}
	}
	return method.request.New().Interface(), nil
}

// NewCall returns the guarded call of a request, whose key field in the metadata has
// the values. The key may also be in the request message. A call without a key is to
// run unguarded. The error is a refusal.
func (g *Guard) NewCall(ctx context.Context, method *Method, keys []string, request any) (idempotency.Call, error) {
	var field protoreflect.FieldDescriptor
	var inMessage string
	message, ok := asMessage(request)
	if ok {
		field, inMessage = method.keyField.of(message)
	}
	if len(keys) == 0 && inMessage == "" && !method.Operation.RequiresKey() {
		return idempotency.Call{}, nil
	}
	key, err := method.Operation.ParseKeyInMessage(ctx, keys, inMessage)
	if err != nil || key == "" {
		return idempotency.Call{}, err
	}
	if !ok {
		return idempotency.Call{}, method.Operation.Refuse(ctx, key, idempotency.ErrNotSupported, errNoProtobuf)
	}
	call := g.fingerprints.call(key, message, field)
	call.Encoder = method.encoder
	return call, nil
}

// RefuseStream returns the refusal of a stream that has a key, and nil for one
// without. Only the server streams of [Method.GuardsStreams] can be replayed, and a key
// must not be ignored.
func (g *Guard) RefuseStream(ctx context.Context, method *Method, keys []string) error {
	if len(keys) == 0 || method.Unguarded() {
		return nil
	}
	key, err := method.Operation.ParseKey(ctx, keys)
	if err != nil {
		return err
	}
	return method.Operation.Refuse(ctx, key, idempotency.ErrNotSupported, errStream)
}

// Causes of refusals, for the server's own log.
var (
	errNoProtobuf = errors.New("the request is not a protobuf message")
	errNoSchema   = errors.New("the method has no protobuf schema, so its request cannot be decoded")
	errStream     = errors.New("a stream cannot be replayed")
)
