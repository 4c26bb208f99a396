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

// request returns the request for the handler, whose body begins there in the
// buffer of the request. The handler owns both: a goroutine that it has started
// may use them after the handler returned.
func (b *body) request(ctx context.Context, received *http.Request, buffers *buffers, start int) *http.Request {
	request := received.WithContext(ctx)
	if received.Body == nil || received.Body == http.NoBody {
		return request
	}
	b.Reset(buffers.takeBody(start))
	b.Closer = received.Body
	request.Body = b
	return request
}

// copyBack copies what the handler set in its request to the one that was
// received, also after a panic: outer middlewares read the route and the form, and
// the server removes the files of a multipart form. It does not write to other
// fields, since outer code may read them at the same time.
func copyBack(received, handled *http.Request) {
	if handled.MultipartForm != nil {
		received.MultipartForm = handled.MultipartForm
	}
	if handled.Form != nil {
		received.Form, received.PostForm = handled.Form, handled.PostForm
	}
	if handled.Pattern != received.Pattern {
		received.Pattern = handled.Pattern
		for name := range wildcards(handled.Pattern) {
			received.SetPathValue(name, handled.PathValue(name))
		}
	}
}

// wildcards returns the names in a pattern such as
// "POST /files/{name}/{rest...}".
func wildcards(pattern string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			var name string
			var ok bool
			if _, pattern, ok = strings.Cut(pattern, "{"); !ok {
				return
			}
			if name, pattern, ok = strings.Cut(pattern, "}"); !ok {
				return
			}
			if name = strings.TrimSuffix(name, "..."); name != "$" && !yield(name) {
				return
			}
		}
	}
}
