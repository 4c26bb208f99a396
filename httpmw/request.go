package httpmw

import (
	"bytes"
	"context"
	"io"
	"iter"
	"net/http"
	"strings"
)

// body is a request body that has been read.
type body struct {
	bytes.Reader
	io.Closer // of the body that the server made
}

// request returns the request for the handler, which owns the body for good:
// what a handler has started may read on after it returned.
func (c *call) request(ctx context.Context) *http.Request {
	c.payload.bytes = nil // the fingerprint has been compared
	request := c.r.WithContext(ctx)
	if c.r.Body == nil || c.r.Body == http.NoBody {
		return request
	}
	c.body.Reset(c.scratch.handOver(c.payload.body))
	c.body.Closer = c.r.Body
	request.Body = &c.body
	return request
}

// handBack copies what a handler leaves in its request to the one that came
// in, also after a panic: middlewares outside read the route and the form, and
// the server removes the files of a multipart form. Other fields are not
// touched, as somebody outside may be reading them.
func (c *call) handBack(request *http.Request) {
	if request.MultipartForm != nil {
		c.r.MultipartForm = request.MultipartForm
	}
	if request.Form != nil {
		c.r.Form, c.r.PostForm = request.Form, request.PostForm
	}
	if request.Pattern != c.r.Pattern {
		c.r.Pattern = request.Pattern
		for name := range wildcards(request.Pattern) {
			c.r.SetPathValue(name, request.PathValue(name))
		}
	}
}

// wildcards visits the names in a pattern such as "POST /files/{name}/{rest...}".
func wildcards(pattern string) iter.Seq[string] {
	return func(visit func(string) bool) {
		for {
			var name string
			var ok bool
			if _, pattern, ok = strings.Cut(pattern, "{"); !ok {
				return
			}
			if name, pattern, ok = strings.Cut(pattern, "}"); !ok {
				return
			}
			if name = strings.TrimSuffix(name, "..."); name != "$" && !visit(name) {
				return
			}
		}
	}
}
