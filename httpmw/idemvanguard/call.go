package idemvanguard

import (
	"context"
	"net/http"

	"github.com/oncewire/idempotency/httpmw/internal/transcoded"
)

// call is what the two handlers around Vanguard know about a request. One goroutine
// uses it.
type call struct {
	transcoded.Call

	path          string // that the client sent
	replayedField string
	transcoded    bool // whether the client's protocol is REST; known once the service is called
}

type callKey struct{}

func callOf(ctx context.Context) *call {
	found, _ := ctx.Value(callKey{}).(*call)
	return found
}

func (c *config) newCall(r *http.Request) *call {
	return &call{
		Call:          transcoded.Call{Keys: r.Header.Values(c.keyField), Route: transcoded.RouteOf(r)},
		path:          r.URL.Path,
		replayedField: c.replayedField,
	}
}

// reached is invoked with the request to the service. Clients of RPC protocols name the
// method in the path, and Vanguard leaves it as it is.
func (c *call) reached(r *http.Request) {
	c.Operation = r.URL.Path
	c.transcoded = c.Operation != c.path
}
