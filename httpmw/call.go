package httpmw

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/replayed"
)

// call is one guarded request. It contains everything that lives as long as the
// request, so that it is one allocation.
type call struct {
	guard     *guard
	w         http.ResponseWriter
	r         *http.Request
	operation idempotency.Operation
	key       string
	path      urlPath
	buffers   *buffers
	payload   payload
	body      body
	recorder  recorder
	held      *heldAnswer // of a handler with a transaction; nil for others
	unsent    bool        // the answer cannot be held, and is not sent
	replay    replay
}

// serve guards one call: the handler runs, or the client gets a replay or a
// refusal.
func (g *guard) serve(w http.ResponseWriter, r *http.Request, operation idempotency.Operation, key string) {
	c := &call{guard: g, w: w, r: r, operation: operation, key: key, path: pathOf(r.URL), buffers: newBuffers()}
	if fingerprint, err := c.fingerprint(); err != nil {
		c.refuse(bodyRefusal(err), err)
	} else {
		c.run(fingerprint)
	}
	// Not after a panic: goroutines of the handler may still use the buffers.
	if !c.body.used() {
		c.buffers.request.drop()
	}
	c.buffers.free()
}

// fingerprint reads the body and returns the fingerprint of the request.
func (c *call) fingerprint() (made backend.Fingerprint, err error) {
	limit := cmp.Or(c.operation.Policy().MaxRequest, c.guard.maxRequest)
	buffer := &c.buffers.request
	c.payload = c.guard.fingerprinter.payload(buffer.bytes, c.r)
	buffer.bytes = c.payload.bytes
	if err = readBody(buffer, c.r, limit); err != nil {
		return made, err
	}
	c.payload.bytes = buffer.bytes
	return c.guard.fingerprinter.fingerprint(c.r, &c.payload)
}

// run runs the call through the engine.
func (c *call) run(fingerprint backend.Fingerprint) {
	c.operation.WarnIfUnscoped(c.r.Context(), func() bool { return hasCredentials(c.r.Header) })
	result, err := c.operation.Run(c.r.Context(), idempotency.Call{
		Key:         c.key,
		Fingerprint: fingerprint,
		Rehasher:    &c.payload,
		Encoder:     c,
	}, c.handle)
	switch {
	case err != nil:
		c.guard.refusals.refuseCall(c.w, c.r, c.operation, c.key, err)
	case result.Replayed:
		c.forgetHeld()
		if err := c.replay.write(c.w, c.r.Method, c.guard.replayedField, result.Outcome); err != nil {
			c.refuse(idempotency.ErrOutcomeUnreadable, err)
			return
		}
		replayed.Set(c.r.Context(), c.key)
	default:
		if c.held != nil {
			c.sendHeld()
		}
		if c.w.Header().Get(c.guard.replayedField) == replayMark { // the replay of an inner guard
			replayed.Set(c.r.Context(), c.key)
		}
	}
}

// sendHeld sends the answer of a transaction that has ended.
func (c *call) sendHeld() {
	switch {
	case c.unsent:
		c.forgetHeld()
		c.refuse(idempotency.ErrNotSupported, errNotHeld)
	case c.recorder.status == 0: // the handler returned because its context ended
		c.forgetHeld()
		c.guard.refusals.refuseCall(c.w, c.r, c.operation, c.key, cmp.Or(c.r.Context().Err(), context.DeadlineExceeded))
	default:
		c.held.send(c.buffers.response.bytes)
	}
}

// forgetHeld removes what the handler did to the header from an answer that is not
// sent.
func (c *call) forgetHeld() {
	if c.held == nil {
		return
	}
	header := c.w.Header()
	clear(header)
	for _, field := range c.buffers.outer {
		header[field.name] = slices.Clone(field.values)
	}
}

func hasCredentials(header http.Header) bool {
	return header["Authorization"] != nil || header["Cookie"] != nil
}

// refuse answers with a refusal that does not come from the engine.
func (c *call) refuse(refusal *idempotency.Error, cause error) {
	c.guard.refusals.Refuse(c.w, c.r, c.operation.Refuse(c.r.Context(), c.key, refusal, cause))
}

// handle runs the handler under the claim and records its answer.
func (c *call) handle(ctx context.Context) idempotency.Answer {
	c.recorder = newRecorder(c.writer(), c.limit(), c.r.Method == http.MethodHead, c.guard.filter, c.buffers)
	request := c.body.request(ctx, c.r, c.payload.bytes[c.payload.body:])
	c.payload.bytes = nil // the fingerprint is not needed any more
	defer copyBack(c.r, request)
	c.guard.next.ServeHTTP(c.recorder.exposed(), request)
	defer c.recorder.record.drop()
	if c.recorder.status == 0 && ctx.Err() != nil {
		return idempotency.Answer{Verdict: idempotency.Abandon} // the implicit 200 is ignored
	}
	c.recorder.commit(http.StatusOK)
	if c.held != nil && !c.recorder.complete(ctx) {
		c.unsent = true
		return idempotency.Answer{Verdict: idempotency.Abandon}
	}
	if c.hadNoEffect() {
		return idempotency.Answer{NoEffect: true}
	}
	return c.answer(ctx)
}

// limit returns how large a recorded body may be, in bytes.
func (c *call) limit() int64 { return cmp.Or(c.operation.Policy().MaxResponse, c.guard.maxResponse) }

// writer returns what the recorder writes to: the client, or in a transaction an
// answer that is sent after the commit.
func (c *call) writer() http.ResponseWriter {
	if !c.operation.Policy().Transaction.InTransaction() {
		return c.w
	}
	c.held = newHeldAnswer(c.w, c.w.Header().Clone())
	return c.held
}

// hadNoEffect reports whether it is certain that the request had no effect.
func (c *call) hadNoEffect() bool {
	status := c.recorder.status
	return innerRefusal(status, c.recorder.Header(), c.operation, c.path, c.key) ||
		status == http.StatusNotFound && unrouted(c.guard.next, c.r, c.path)
}

// answer returns the verdict and, if it is to record, the outcome.
func (c *call) answer(ctx context.Context) idempotency.Answer {
	status, header := c.recorder.status, c.recorder.Header()
	answer := c.verdict(status, header)
	switch {
	case answer.Verdict != idempotency.Record:
	case c.recorder.complete(ctx):
		answer.Outcome = c.recorder.record.outcome(status, header)
	default:
		answer.NotKept = true
	}
	return answer
}

func (c *call) verdict(status int, header http.Header) idempotency.Answer {
	return idempotency.Answer{
		Verdict:     c.guard.classify.verdict(c.operation.Policy(), status, header),
		ServerError: status >= http.StatusInternalServerError,
		Failed:      status >= http.StatusBadRequest,
	}
}
