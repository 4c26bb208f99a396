package httpmw

import (
	"context"
	"io"
	"maps"
	"net/http"

	"github.com/oncewire/idempotency/internal/retry"
)

// clientCall is a request that may be sent several times: a [retry.Call].
type clientCall struct {
	request *http.Request // never changed
	next    http.RoundTripper
	copies  bool // every try is a copy, the first one too
}

// keyedCall is the call of a copied request that got a key, in one allocation.
type keyedCall struct {
	clientCall

	copied http.Request
	key    [1]string
}

// clientAnswer is what came of a try.
type clientAnswer struct {
	response *http.Response
	err      error
}

func (t *transport) sendKeyed(request *http.Request) (*http.Response, error) {
	c := &keyedCall{copied: *request, key: [1]string{t.newKey(request)}}
	if c.copied.Header = maps.Clone(request.Header); c.copied.Header == nil {
		c.copied.Header = http.Header{}
	}
	c.copied.Header[t.keyField] = c.key[:]
	c.clientCall = clientCall{request: &c.copied, next: t.next}
	if c.key[0] == "" { // of idempotency.WithKey; the server refuses it
		return t.next.RoundTrip(&c.copied)
	}
	return t.send(&c.clientCall)
}

func (t *transport) send(c *clientCall) (*http.Response, error) {
	switch {
	case hasBody(c.request) && c.request.GetBody == nil:
		return t.next.RoundTrip(c.request)
	case t.client.Hedges() && c.request.Header["Upgrade"] == nil:
		return t.race(c)
	default:
		answer := retry.Send(c.request.Context(), t.client, c)
		return answer.response, answer.err
	}
}

// race sends the request with hedging. Since the losing try may read its request
// after the end of RoundTrip, the tries share nothing with the caller.
func (t *transport) race(c *clientCall) (*http.Response, error) {
	ctx := c.request.Context()
	if hasBody(c.request) {
		_ = c.request.Body.Close() // each try has a body of its own
	}
	c.request, c.copies = c.request.Clone(ctx), true
	answer, release := retry.Race(ctx, t.client, c)
	if answer.err != nil || answer.response.Body == nil || answer.response.Body == http.NoBody {
		release()
		return answer.response, answer.err
	}
	answer.response.Body = &hedgedBody{answer.response.Body, release}
	return answer.response, nil
}

// Try implements [retry.Call].
func (c *clientCall) Try(ctx context.Context, n int) (clientAnswer, retry.Advice) {
	request, err := c.numbered(ctx, n)
	if err != nil {
		return clientAnswer{err: err}, retry.Advice{}
	}
	response, err := c.next.RoundTrip(request) //nolint:bodyclose // by Discard, or by the caller that gets the answer
	if err != nil {
		return clientAnswer{err: err}, retry.Advice{Retry: connectionFailed(request, err)}
	}
	return clientAnswer{response: response}, advise(response)
}

// numbered returns the request of the nth try.
func (c *clientCall) numbered(ctx context.Context, n int) (*http.Request, error) {
	if n == 1 && !c.copies {
		return c.request, nil
	}
	request := c.request.WithContext(ctx)
	if hasBody(request) {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		request.Body = body
	}
	return request, nil
}

func hasBody(request *http.Request) bool {
	return request.Body != nil && request.Body != http.NoBody
}

// maxDrain is how much of a discarded answer is read so that its connection can be
// used again, in bytes.
const maxDrain = 4 << 10

// Discard implements [retry.Call].
func (*clientCall) Discard(answer clientAnswer) {
	if answer.response == nil || answer.response.Body == nil {
		return
	}
	if answer.response.ContentLength <= maxDrain { // -1 is unknown
		_, _ = io.CopyN(io.Discard, answer.response.Body, maxDrain)
	}
	_ = answer.response.Body.Close()
}

// hedgedBody ends the context of the winning try when it is closed.
type hedgedBody struct {
	io.ReadCloser

	release context.CancelFunc
}

func (b *hedgedBody) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
