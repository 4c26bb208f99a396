package httpmw

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"

	"github.com/oncewire/idempotency"
)

// call is one guarded request's way through the middleware. All that lives as
// long as the request is in it, so that it costs one allocation.
type call struct {
	*handler

	w             http.ResponseWriter
	r             *http.Request
	operation     string
	key           string
	path, rawPath string // of the URL, before the handler ran

	policy   *idempotency.Policy
	scratch  *scratch
	payload  payload
	body     body
	recorder recorder
	marker   [1]string // the values of two fields of a replay
	length   [1]string
}

func (h *handler) guard(w http.ResponseWriter, r *http.Request, operation, key string) {
	c := &call{
		handler: h, w: w, r: r, operation: operation, key: key, path: r.URL.Path, rawPath: r.URL.RawPath,
		policy: h.engine.PolicyFor(operation), scratch: newScratch(),
	}
	if fingerprint, err := c.read(); err != nil {
		c.refuseBody(err)
	} else {
		c.run(fingerprint)
	}
	c.scratch.free() // not after a panic: the handler's may still be at it
}

// read takes the request in, and returns its fingerprint.
func (c *call) read() (made idempotency.Fingerprint, err error) {
	c.scratch.request, c.payload = c.appendTarget(c.scratch.request, c.r)
	c.scratch.request, err = appendBody(c.scratch.request, c.r, cmp.Or(c.policy.MaxRequest, c.maxRequest))
	if err != nil {
		return made, err
	}
	c.payload.bytes = c.scratch.request
	return c.fingerprint()
}

// fingerprint asks the function of WithFingerprint, if there is one. It gets a
// request of its own, so that nothing that it reads or parses is missing later.
func (c *call) fingerprint() (idempotency.Fingerprint, error) {
	if c.identify == nil {
		return c.payload.fingerprint(c.json), nil
	}
	content := slices.Clip(c.payload.bytes[c.payload.body:])
	request := c.r.Clone(c.r.Context())
	request.Body = io.NopCloser(bytes.NewReader(content))
	identity, err := c.identify(request, content)
	if request.MultipartForm != nil {
		_ = request.MultipartForm.RemoveAll() // the server removes those of its own request
	}
	if err != nil {
		return idempotency.Fingerprint{}, err
	}
	return c.payload.custom(identity), nil
}

func (c *call) run(fingerprint idempotency.Fingerprint) {
	if c.engine.Unscoped() && (c.r.Header["Authorization"] != nil || c.r.Header["Cookie"] != nil) {
		c.engine.NoteCredentials(c.r.Context(), c.operation)
	}
	result, err := c.engine.Run(c.r.Context(), idempotency.Call{
		Operation:   c.operation,
		Key:         c.key,
		Fingerprint: fingerprint,
		Rehasher:    &c.payload,
	}, c.serve)
	if err == nil && result.Replayed {
		err = c.replay(result.Outcome)
	}
	if err != nil {
		c.respond(c.w, c.r, c.operation, c.key, err)
	}
}

// serve runs the handler under its claim.
func (c *call) serve(ctx context.Context) idempotency.Answer {
	c.recorder = newRecorder(c)
	request := c.request(ctx)
	defer c.handBack(request)
	c.next.ServeHTTP(c.recorder.exposed(), request)
	defer c.recorder.drop()
	if c.recorder.status == 0 && ctx.Err() != nil {
		return idempotency.Answer{Verdict: idempotency.Abandon} // the implicit 200 would be wrong
	}
	c.recorder.commit(http.StatusOK)
	if c.noEffect() {
		return idempotency.Answer{NoEffect: true}
	}
	return c.answer(ctx)
}

// answer is what the handler wrote.
func (c *call) answer(ctx context.Context) idempotency.Answer {
	answer := idempotency.Answer{Verdict: c.verdict(), ServerError: c.recorder.status >= http.StatusInternalServerError}
	switch {
	case answer.Verdict != idempotency.Record:
	case c.recorder.whole(ctx):
		answer.Outcome = c.recorder.outcome()
	default:
		answer.NotKept = true
	}
	return answer
}

// refuse tells the engine of a refusal that is made here.
func (c *call) refuse(refusal *idempotency.Error, cause error) *idempotency.Error {
	return c.engine.Refuse(c.r.Context(), idempotency.Call{Operation: c.operation, Key: c.key}, refusal, cause)
}
