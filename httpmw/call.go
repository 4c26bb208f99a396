package httpmw

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"

	"github.com/oncewire/idempotency"
)

// call is one guarded request's way through the middleware. All that lives as
// long as the request is in it, so that it costs one allocation.
type call struct {
	*handler

	w        http.ResponseWriter
	r        *http.Request
	policy   *idempotency.Policy
	scratch  *scratch
	payload  payload
	body     body
	recorder recorder
	marker   [1]string // the values of two fields of a replay
	length   [1]string
}

// body is a request body that has been read.
type body struct {
	bytes.Reader
	io.Closer // of the body that the server made
}

func (h *handler) guard(w http.ResponseWriter, r *http.Request, operation, key string) {
	c := &call{handler: h, w: w, r: r, policy: h.engine.PolicyFor(operation), scratch: newScratch()}
	if err := c.read(); err != nil {
		c.refuseBody(operation, err)
	} else {
		c.run(operation, key)
	}
	c.scratch.free() // not after a panic: the handler's may still be at it
}

// read takes the request in, and makes it the payload of the fingerprint.
func (c *call) read() (err error) {
	buffer := appendTarget(c.scratch.request, c.r)
	c.payload.head = len(buffer)
	c.payload.json = isJSON(c.r.Header.Get("Content-Type"))
	c.scratch.request, err = appendBody(buffer, c.r, cmp.Or(c.policy.MaxRequest, c.maxRequest))
	c.payload.bytes = c.scratch.request
	return err
}

func (c *call) run(operation, key string) {
	if c.engine.Unscoped() && (c.r.Header["Authorization"] != nil || c.r.Header["Cookie"] != nil) {
		c.engine.NoteCredentials(c.r.Context(), operation)
	}
	result, err := c.engine.Run(c.r.Context(), idempotency.Call{
		Operation:   operation,
		Key:         key,
		Fingerprint: c.payload.fingerprint(c.json),
		Rehasher:    &c.payload,
	}, c.serve)
	if err == nil && result.Replayed {
		err = c.replay(operation, result.Outcome)
	}
	if err != nil {
		refuse(c.w, err)
	}
}

// serve runs the handler under its claim.
func (c *call) serve(ctx context.Context) idempotency.Answer {
	c.recorder = newRecorder(c)
	c.next.ServeHTTP(c.recorder.exposed(), c.request(ctx))
	defer c.recorder.drop()
	verdict := c.recorder.verdict(ctx, c.classifier())
	switch {
	case verdict != idempotency.Record:
		return idempotency.Answer{Verdict: verdict}
	case !c.recorder.whole():
		return idempotency.Answer{Verdict: verdict, NotKept: true}
	default:
		return idempotency.Answer{Verdict: verdict, Outcome: c.recorder.outcome()}
	}
}

// classifier lets the operation's policy speak first.
func (c *call) classifier() Classifier {
	if len(c.policy.Verdicts) == 0 {
		return c.classify
	}
	return func(status int, header http.Header) idempotency.Verdict {
		if verdict, ok := c.policy.Verdicts[status]; ok {
			return verdict
		}
		return c.classify(status, header)
	}
}

// request returns the request for the handler, which owns the body for good:
// what a handler has started may read on after it returned.
func (c *call) request(ctx context.Context) *http.Request {
	c.payload.bytes = nil // the fingerprint has been compared
	request := c.r.WithContext(ctx)
	if c.r.Body == nil || c.r.Body == http.NoBody {
		return request
	}
	c.body.Reset(c.scratch.handOver(c.payload.head))
	c.body.Closer = c.r.Body
	request.Body = &c.body
	return request
}
