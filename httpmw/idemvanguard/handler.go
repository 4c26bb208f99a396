package idemvanguard

import (
	"context"
	"net/http"
	"net/url"

	"google.golang.org/genproto/googleapis/rpc/code"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/mark"
)

// Handler returns the handler around Vanguard. It answers refusals over REST of the
// services that are wrapped by [Service], and passes on everything else. It is safe for
// concurrent use.
func Handler(transcoder http.Handler, options ...Option) http.Handler {
	c := newConfig(options)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := c.newCall(r)
		answer := &writer{ResponseWriter: w, call: call}
		transcoder.ServeHTTP(answer, inner(r, call))
		if answer.held() {
			c.answer(answer, r)
		}
	})
}

// inner returns the request for Vanguard. It has a URL and a header of its own, because
// Vanguard changes both.
func inner(r *http.Request, call *call) *http.Request {
	request := r.WithContext(context.WithValue(r.Context(), callKey{}, call))
	request.URL = new(url.URL)
	*request.URL = *r.URL
	request.Header = r.Header.Clone()
	return request
}

// answer answers a request with an error that Vanguard has written.
func (c *config) answer(w *writer, r *http.Request) {
	status := new(spb.Status)
	if protojson.Unmarshal(w.body, status) != nil {
		_ = w.release() // the client has gone; there is nothing to do about an error
		return
	}
	refusal := w.call.Refusal(r.Context(), status)
	if refusal != nil && refusal.Title() != "" {
		c.refusalWriter.Refuse(w.ResponseWriter, r, refusal)
		return
	}
	if refusal != nil && refusal.Mark != "" { // its reason is of a later version
		w.Header().Set(mark.Field, refusal.Mark)
	}
	if status.GetCode() == int32(code.Code_ABORTED) && r.Context().Err() == nil {
		noEffect(r.Context())
	}
	_ = w.release()
}

// noEffect makes a guard around Vanguard in this process release the key after Aborted,
// the code for "nothing was done": its HTTP status also stands for AlreadyExists.
func noEffect(ctx context.Context) {
	execution, _ := idempotency.FromContext(ctx)
	execution.NoEffect()
}
