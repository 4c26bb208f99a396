package httpmw

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// Response is a whole answer, for a handler that completes its claim in a transaction
// of its own (pgstore.Complete) before it writes the answer with [Response.Write],
// and for [idempotency.Policy.Rebuild].
//
// After a handler has completed its claim, its answer is held until it returns, so that
// the stored answer can take its place; it cannot be flushed or hijacked.
type Response struct {
	// Status is the status code; 0 is 200.
	Status int
	// Header has the fields that the handler sets. It replaces those of the same name.
	Header http.Header
	Body   []byte
}

// Write writes the answer. The error is that of the writer.
func (r Response) Write(w http.ResponseWriter) error {
	r.setHeader(w.Header())
	w.WriteHeader(r.status())
	if len(r.Body) == 0 {
		return nil
	}
	_, err := w.Write(r.Body)
	return err
}

func (r Response) status() int {
	if r.Status == 0 {
		return http.StatusOK
	}
	return r.Status
}

func (r Response) setHeader(header http.Header) {
	for name, values := range r.Header {
		header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
}

var errBegun = errors.New("httpmw: the handler has begun its answer; complete the claim before")

// Encode implements the Encoder of an [idempotency.Call]. From then on the answer of
// the handler is held.
func (c *call) Encode(_ context.Context, response any) (idempotency.Answer, error) {
	r, ok := response.(Response)
	status := r.status()
	switch {
	case !ok:
		return idempotency.Answer{}, fmt.Errorf("httpmw: the response is an httpmw.Response, not %T", response)
	case status < http.StatusOK || status > 999:
		return idempotency.Answer{}, fmt.Errorf("httpmw: %d is not the status of an answer", status)
	case c.recorder.status != 0:
		return idempotency.Answer{}, errBegun
	}
	header := maps.Clone(c.w.Header()) // an unchanged field keeps its slice
	if header == nil {
		header = http.Header{}
	}
	r.setHeader(header)
	answer := c.verdict(status, header)
	switch {
	case answer.Verdict != idempotency.Record:
	case int64(len(r.Body)) > c.limit():
		answer.NotKept = true
	default:
		answer.Outcome = c.encode(&r, header)
		c.hold()
	}
	return answer, nil
}

// encode returns the outcome that the recorder would make of the response.
func (c *call) encode(r *Response, header http.Header) []byte {
	record := c.recorder.record
	if !record.active() { // no handler runs: the answer is rebuilt
		record = newRecord(c.guard.filter, c.buffers, c.limit(), c.w.Header())
	}
	bodiless := c.r.Method == http.MethodHead || r.status() == http.StatusNotModified
	answer := outcome.HTTP{
		Status:   r.status(),
		Headers:  record.changes(header, bodiless),
		Trailers: record.trailers(header),
	}
	if bodyAllowed(r.status()) {
		answer.Body = r.Body
	}
	return answer.Marshal()
}

// hold has the answer sent after the handler has returned.
func (c *call) hold() {
	if c.recorder.writer != nil && c.held == nil {
		c.held = newHeldAnswer(c.w, c.w.Header())
		c.recorder.writer = c.held
	}
}
