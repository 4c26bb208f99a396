package httpmw

import (
	"net/http"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// Middleware guards HTTP handlers with idempotency keys. It is safe for
// concurrent use, and one value wraps any number of handlers.
type Middleware struct {
	config

	engine        *idempotency.Engine
	keyField      string // canonical
	replayedField string // canonical
	filter        outcome.Filter
}

// New returns a middleware on the engine. The error names every option that
// cannot be honoured.
func New(engine *idempotency.Engine, options ...Option) (*Middleware, error) {
	m := &Middleware{config: defaults(), engine: engine}
	if err := m.configure(options); err != nil {
		return nil, err
	}
	m.keyField = http.CanonicalHeaderKey(engine.KeyField())
	m.replayedField = http.CanonicalHeaderKey(engine.ReplayedField())
	m.filter = outcome.NewFilter(m.unstored, m.setCookie, m.replayedField)
	return m, nil
}

// Wrap returns a handler that guards the requests of next.
func (m *Middleware) Wrap(next http.Handler) http.Handler {
	return &handler{Middleware: m, next: next}
}

type handler struct {
	*Middleware

	next http.Handler
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	values := r.Header[h.keyField]
	if len(values) == 0 && !h.engine.RequiresKeys() || !h.guards(r.Method) {
		h.next.ServeHTTP(w, r)
		return
	}
	framing := rpcFraming(contentType(r))
	if framing && rpcRoute(r) {
		h.next.ServeHTTP(w, r)
		return
	}
	operation := h.operation(r)
	key, err := h.engine.ParseKey(r.Context(), operation, idempotency.KeyDefault, values)
	switch {
	case err != nil:
		h.respond(w, r, operation, "", err)
	case key == "":
		h.next.ServeHTTP(w, r)
	case framing:
		h.respond(w, r, operation, key, h.engine.Refuse(r.Context(), idempotency.Call{Operation: operation, Key: key}, idempotency.ErrNotSupported, nil))
	default:
		if h.echo {
			w.Header()[h.keyField] = values[:1:1]
		}
		h.guard(w, r, operation, key)
	}
}

func (m *Middleware) guards(method string) bool {
	for _, guarded := range m.methods {
		if guarded == method || strings.EqualFold(guarded, method) {
			return true
		}
	}
	return false
}

func contentType(r *http.Request) string {
	if values := r.Header["Content-Type"]; len(values) > 0 {
		return values[0]
	}
	return ""
}
