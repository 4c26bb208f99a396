package httpmw

import (
	"net/http"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// Middleware guards HTTP handlers with idempotency keys. It is safe for concurrent
// use, and one Middleware can wrap any number of handlers.
type Middleware struct {
	engine      *idempotency.Engine
	config      config
	keyField    string // canonical
	keyRequired bool   // by at least one operation
	guard       guard  // without a handler
}

// New returns a middleware on the engine. The error names everything that is wrong
// with the options.
func New(engine *idempotency.Engine, options ...Option) (*Middleware, error) {
	c, err := newConfig(engine, options)
	if err != nil {
		return nil, err
	}
	every := engine.Operation("*", idempotency.Policy{})
	replayedField := http.CanonicalHeaderKey(every.ReplayedField())
	return &Middleware{
		engine:      engine,
		config:      c,
		keyField:    http.CanonicalHeaderKey(every.KeyField()),
		keyRequired: every.RequiresKey(),
		guard: guard{
			fingerprinter: c.fingerprinter,
			maxRequest:    c.maxRequest,
			maxResponse:   c.maxResponse,
			classify:      c.classify,
			filter:        outcome.NewFilter(c.unrecorded, c.setCookie, replayedField),
			replayedField: replayedField,
			refusals:      c.refusals,
		},
	}, nil
}

// Wrap returns a handler that guards the requests to next.
func (m *Middleware) Wrap(next http.Handler) http.Handler {
	h := &handler{middleware: m, guard: m.guard}
	h.guard.next = next
	return h
}

type handler struct {
	middleware *Middleware
	guard      guard
}

// ServeHTTP implements http.Handler. It guards a request that has a key and a
// method to guard, refuses one whose key is missing or malformed, and passes every
// other request on.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m, next := h.middleware, h.guard.next
	values := r.Header[m.keyField]
	operation, ok := m.operation(r, values)
	if !ok {
		next.ServeHTTP(w, r)
		return
	}
	key, err := operation.ParseKey(r.Context(), values)
	switch {
	case err != nil:
		h.guard.refusals.refuseCall(w, r, operation, "", err)
	case key == "":
		next.ServeHTTP(w, r)
	case rpcFraming(contentType(r)):
		h.guard.refusals.Refuse(w, r, operation.Refuse(r.Context(), key, idempotency.ErrNotSupported, nil))
	default:
		if m.config.echo {
			w.Header()[m.keyField] = values[:1:1]
		}
		h.guard.serve(w, r, operation, key)
	}
}

// operation returns the operation of a request, or false if the request is not
// guarded.
func (m *Middleware) operation(r *http.Request, keys []string) (operation idempotency.Operation, ok bool) {
	if m.config.schema != nil {
		if name, schema, known := m.config.schema(r); known {
			return m.engine.Operation(name, schema), true
		}
	}
	if len(keys) == 0 && !m.keyRequired || !m.guards(r.Method) || rpcRoute(r) && rpcFraming(contentType(r)) {
		return operation, false
	}
	return m.engine.Operation(m.config.operation(r), idempotency.Policy{}), true
}

func (m *Middleware) guards(method string) bool {
	for _, guarded := range m.config.methods {
		if guarded == method || strings.EqualFold(guarded, method) {
			return true
		}
	}
	return false
}
