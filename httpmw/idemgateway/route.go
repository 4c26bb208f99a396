package idemgateway

import (
	"context"
	"net/http"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/schema"
)

// routes knows which RPC a route of a gateway stands for. A mux does not tell a
// middleware, which runs before the generated handler names the RPC to the mux. So
// the handlers are registered with a second mux, whose annotator of metadata stops
// them there: before they read a request or call a service.
type routes struct {
	stopped *runtime.ServeMux // nil if no services are known
	known   sync.Map          // route -> *rpc, nil if the route is no RPC's
}

// route is a method and the pattern of a path, so there are as many as in the mux.
type route struct{ method, pattern string }

// rpc is what the guard needs to know about an RPC.
type rpc struct {
	operation string
	policy    idempotency.Policy
}

func newRoutes(registrations []func(*runtime.ServeMux) error) (*routes, error) {
	mux := runtime.NewServeMux(runtime.WithMetadata(stop))
	for _, register := range registrations {
		if err := register(mux); err != nil {
			return nil, err
		}
	}
	return &routes{stopped: mux}, nil
}

// find returns the RPC of a request that a mux has routed, or nil.
func (s *routes) find(r *http.Request) *rpc {
	pattern, ok := runtime.HTTPPattern(r.Context())
	if !ok || s.stopped == nil {
		return nil
	}
	wanted := route{r.Method, pattern.String()}
	if found, ok := s.known.Load(wanted); ok {
		return found.(*rpc) //nolint:forcetypeassert // nothing else is stored
	}
	var found *rpc
	if at := s.run(r); at != nil && at.pattern == wanted.pattern {
		policy, _ := schema.Policy(at.operation, schema.Method(at.operation, nil)) // Operations reports the error
		found = &rpc{at.operation, policy}
	}
	s.known.Store(wanted, found)
	return found
}

// stoppedAt is what stop panics with.
type stoppedAt struct{ operation, pattern string }

// stop is an annotator of metadata, which a generated handler runs first of all.
func stop(ctx context.Context, _ *http.Request) metadata.MD {
	operation, _ := runtime.RPCMethod(ctx)
	pattern, _ := runtime.HTTPPattern(ctx)
	panic(&stoppedAt{operation, pattern.String()})
}

// run runs the handler of a request up to where stop stops it.
func (s *routes) run(r *http.Request) (at *stoppedAt) {
	defer func() {
		if reason := recover(); reason != nil {
			found, ok := reason.(*stoppedAt)
			if !ok {
				panic(reason)
			}
			at = found
		}
	}()
	empty := &http.Request{
		Method: r.Method, URL: r.URL, Host: r.Host, Body: http.NoBody,
		Header: http.Header{"Content-Type": r.Header["Content-Type"]}, // the mux may treat a form as a GET
	}
	s.stopped.ServeHTTP(discarded{}, empty)
	return nil
}

// discarded is the answer to a request without a route.
type discarded struct{}

func (discarded) Header() http.Header               { return http.Header{} }
func (discarded) Write(content []byte) (int, error) { return len(content), nil }
func (discarded) WriteHeader(int)                   {}

type rpcKey struct{}

// rpcOf is the function of [httpmw.WithSchema].
func rpcOf(r *http.Request) (operation string, policy idempotency.Policy, ok bool) {
	found, ok := r.Context().Value(rpcKey{}).(*rpc)
	if !ok {
		return "", idempotency.Policy{}, false
	}
	return found.operation, found.policy, true
}
