package httpmw

import (
	"bytes"
	"io"
	"net/http"
	"slices"

	"github.com/oncewire/idempotency/backend"
)

// fingerprinter makes the fingerprints of requests.
type fingerprinter struct {
	host          func(*http.Request) string
	fields        []string // of the request header; canonical and sorted
	jsonAlgorithm byte     // fingerprint.None: JSON bodies are compared as bytes
	custom        func(r *http.Request, body []byte) ([]byte, error)
}

// payload returns the payload of the request without its body, in the buffer.
func (f *fingerprinter) payload(buffer []byte, r *http.Request) payload {
	return newPayload(buffer, r, f.host(r), f.fields)
}

// fingerprint returns the fingerprint of a request whose payload is complete.
func (f *fingerprinter) fingerprint(r *http.Request, p *payload) (made backend.Fingerprint, err error) {
	if f.custom == nil {
		return p.digest(f.jsonAlgorithm), nil
	}
	identity, err := f.identity(r, slices.Clip(p.bytes[p.body:]))
	if err != nil {
		return made, err
	}
	return p.custom(identity), nil
}

// identity runs the function of [WithFingerprint] on a copy of the request, so
// that the function can read the body and parse the form.
func (f *fingerprinter) identity(r *http.Request, body []byte) ([]byte, error) {
	request := r.Clone(r.Context())
	request.Body = io.NopCloser(bytes.NewReader(body))
	identity, err := f.custom(request, body)
	if request.MultipartForm != nil {
		_ = request.MultipartForm.RemoveAll() // the server does so only for its own request
	}
	return identity, err
}
