package idemconnect

import (
	"context"
	"maps"
	"net/http"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency/internal/retry"
)

// clientCall is a call that may be sent several times: a [retry.Call].
type clientCall struct {
	next     connect.UnaryFunc
	request  connect.AnyRequest // the caller's
	message  any                // that is sent: the caller's, or a copy that has the key
	keyField string
	keys     []string // none for a call that needs none

	space [1]string
	first tryRequest
}

// clientAnswer is what came of a try.
type clientAnswer struct {
	response connect.AnyResponse
	err      error
}

// tryRequest is a request of a call that has a header of its own, and may have a
// message of its own.
type tryRequest struct {
	connect.AnyRequest

	header  http.Header
	message any
}

// Any implements [connect.AnyRequest].
func (r *tryRequest) Any() any { return r.message }

// Header implements [connect.AnyRequest].
func (r *tryRequest) Header() http.Header { return r.header }

func send(ctx context.Context, retries *retry.Client, call *clientCall) (connect.AnyResponse, error) {
	answer := retry.Send(ctx, retries, call)
	return answer.response, answer.err
}

// Try implements [retry.Call].
func (c *clientCall) Try(ctx context.Context, n int) (clientAnswer, retry.Advice) {
	request := c.request
	if n > 1 || c.keys != nil {
		request = c.copied(n)
	}
	response, err := c.next(ctx, request)
	return clientAnswer{response, err}, advise(ctx, err)
}

// Discard implements [retry.Call].
func (*clientCall) Discard(clientAnswer) {}

// copied returns a request for the nth try. Its header is a copy, because that of
// an earlier try may still be read by its connection, and the caller may send its
// request again with another key.
func (c *clientCall) copied(n int) connect.AnyRequest {
	request := &c.first
	if n > 1 {
		request = new(tryRequest)
	}
	request.AnyRequest, request.header, request.message = c.request, maps.Clone(c.request.Header()), c.message
	if c.keys != nil {
		request.header[c.keyField] = c.keys
	}
	return request
}
