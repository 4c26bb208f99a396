package httpmw

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/oncewire/idempotency"
)

// payload is what the fingerprint of a request is made of: query, content type
// and content coding, each led by its length, and then the body.
type payload struct {
	bytes []byte
	head  int  // where the body begins
	json  bool // the content type says so
}

// fingerprint digests the payload, with the body in canonical form where that
// is wanted and possible.
func (p *payload) fingerprint(canonical bool) idempotency.Fingerprint {
	if canonical && p.json {
		if digest, ok := p.canonical(); ok {
			return digest
		}
	}
	return idempotency.NewFingerprint(idempotency.AlgorithmHTTP, p.bytes)
}

func (p *payload) canonical() (idempotency.Fingerprint, bool) {
	body, ok := canonicalJSON(p.bytes[p.head:])
	if !ok {
		return idempotency.Fingerprint{}, false
	}
	bytes := slices.Concat(p.bytes[:p.head], body)
	return idempotency.NewFingerprint(idempotency.AlgorithmHTTPJSON, bytes), true
}

// Rehash implements idempotency.Rehasher, for records that were written before
// WithCanonicalJSON was switched on or off.
func (p *payload) Rehash(algorithm idempotency.Algorithm) (idempotency.Fingerprint, bool) {
	switch algorithm {
	case idempotency.AlgorithmHTTP:
		return idempotency.NewFingerprint(algorithm, p.bytes), true
	case idempotency.AlgorithmHTTPJSON:
		if digest, ok := p.canonical(); ok {
			return digest, true
		}
		// A body that has no canonical form is another one than a body that
		// had, and its bytes are nobody's canonical form.
		return idempotency.NewFingerprint(algorithm, p.bytes), true
	default:
		return idempotency.Fingerprint{}, false
	}
}

// appendTarget begins a payload with all but the body. The query counts as it
// was sent: the order of its parameters may matter.
func appendTarget(buffer []byte, r *http.Request) []byte {
	start := len(buffer)
	buffer = append(openPart(buffer), r.URL.RawQuery...)
	start = closePart(buffer, start)
	buffer = appendMediaType(openPart(buffer), r.Header.Get("Content-Type"))
	start = closePart(buffer, start)
	buffer = openPart(buffer)
	for _, coding := range r.Header["Content-Encoding"] {
		buffer = append(appendLower(buffer, coding), ',')
	}
	closePart(buffer, start)
	return buffer
}

const partHead = 4 // bytes of a part's length

func openPart(buffer []byte) []byte { return append(buffer, make([]byte, partHead)...) }

// closePart writes the length of the part that started there, and returns
// where the next one starts.
func closePart(buffer []byte, start int) int {
	length := len(buffer) - start - partHead
	binary.BigEndian.PutUint32(buffer[start:], uint32(length))
	return len(buffer)
}

// appendMediaType leaves out what does not matter in a media type (RFC 9110,
// section 8.3.1): the case of the type and of parameter names, and the space
// between parameters.
func appendMediaType(buffer []byte, value string) []byte {
	kind, parameters, _ := strings.Cut(value, ";")
	buffer = appendLower(buffer, kind)
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.Trim(parameter, " \t"), "=")
		if name != "" {
			buffer = appendLower(append(buffer, ';'), name)
			buffer = append(append(buffer, '='), value...)
		}
	}
	return buffer
}

func appendLower(buffer []byte, text string) []byte {
	for _, c := range []byte(strings.Trim(text, " \t")) {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buffer = append(buffer, c)
	}
	return buffer
}

// appendBody reads the whole body, or fails with errTooLarge once it is
// known to be larger than most.
func appendBody(buffer []byte, r *http.Request, most int64) ([]byte, error) {
	if r.ContentLength > most {
		return buffer, errTooLarge
	}
	if r.Body == nil || r.Body == http.NoBody {
		return buffer, nil
	}
	// One byte more than announced, so that the end is seen without growing.
	// What a client announces is believed only up to a point.
	buffer = slices.Grow(buffer, int(min(max(r.ContentLength+1, 512), largestPooled/2)))
	head := len(buffer)
	for {
		if len(buffer) == cap(buffer) {
			buffer = slices.Grow(buffer, len(buffer))
		}
		n, err := r.Body.Read(buffer[len(buffer):cap(buffer)])
		buffer = buffer[:len(buffer)+n]
		switch {
		case int64(len(buffer)-head) > most:
			return buffer, errTooLarge
		case errors.Is(err, io.EOF):
			return buffer, nil
		case err != nil:
			return buffer, err
		}
	}
}
