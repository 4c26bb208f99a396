package httpmw

import (
	"bytes"
	"context"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync"
)

// body is a request body that has been read. It is the handler's, also in a goroutine
// that the handler has started, until that has read it all.
type body struct {
	io.Closer // of the body that the server made

	mu     sync.Mutex // of a read
	unread bytes.Reader
}

// request returns the request for the handler, with this body.
func (b *body) request(ctx context.Context, received *http.Request, content []byte) *http.Request {
	request := received.WithContext(ctx)
	if received.Body == nil || received.Body == http.NoBody {
		return request
	}
	b.unread.Reset(content)
	b.Closer = received.Body
	request.Body = b
	return request
}

// Read implements io.Reader.
func (b *body) Read(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unread.Read(data)
}

// WriteTo implements io.WriterTo.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unread.WriteTo(w)
}

// used reports whether nothing reads the content any more: it was read to its end.
func (b *body) used() bool {
	if !b.mu.TryLock() {
		return false
	}
	defer b.mu.Unlock()
	return b.unread.Len() == 0
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
