package httpmw

import (
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"slices"

	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/internal/fingerprint"
)

// payload is what the fingerprint of a request is made of: elements with a length
// prefix, and then the body. The elements are host, path and named header fields,
// which every algorithm uses, then query and content coding, and then the content
// type.
type payload struct {
	bytes       []byte
	query       int // where the query begins
	mediaType   int // where the content type begins
	body        int // where the body begins
	contentType string
}

// newPayload appends everything except the body. The query is used as it was
// sent: the order of its parameters may have a meaning.
func newPayload(buffer []byte, r *http.Request, host string, fields []string) payload {
	p := payload{contentType: contentType(r)}
	buffer = appendPrefixed(buffer, host)
	buffer = appendPrefixed(buffer, receivedPath(r))
	start := len(buffer)
	buffer = appendFields(beginPrefixed(buffer), r.Header, fields)
	p.query = endPrefixed(buffer, start)
	buffer = appendPrefixed(buffer, r.URL.RawQuery)
	start = len(buffer)
	buffer = beginPrefixed(buffer)
	for _, coding := range r.Header["Content-Encoding"] {
		buffer = append(appendLower(buffer, coding), ',')
	}
	p.mediaType = endPrefixed(buffer, start)
	buffer = appendMediaType(beginPrefixed(buffer), p.contentType)
	p.body = endPrefixed(buffer, p.mediaType)
	p.bytes = buffer
	return p
}

// appendFields appends the named fields that the header has.
func appendFields(buffer []byte, header http.Header, names []string) []byte {
	for _, name := range names {
		values, ok := header[name]
		if !ok {
			continue
		}
		buffer = appendPrefixed(buffer, name)
		buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(values)))
		for _, value := range values {
			buffer = appendPrefixed(buffer, value)
		}
	}
	return buffer
}

// digest returns the fingerprint. A JSON body is digested by the algorithm for
// JSON, unless that is None, a multipart body by its parts, and every other body
// by its bytes. So is a body that is not well-formed.
func (p *payload) digest(jsonAlgorithm byte) backend.Fingerprint {
	if jsonAlgorithm != fingerprint.None {
		if made, ok := p.json(jsonAlgorithm); ok {
			return made
		}
	}
	if made, ok := p.multipart(); ok {
		return made
	}
	return fingerprint.New(fingerprint.HTTP, p.bytes)
}

// Rehash implements the Rehasher of [idempotency.Call], for records that were
// written before an option was switched on or off.
func (p *payload) Rehash(algorithm byte) (made backend.Fingerprint, known bool) {
	var ok bool
	switch algorithm {
	case fingerprint.HTTP:
		return fingerprint.New(algorithm, p.bytes), true
	case fingerprint.HTTPJSON, fingerprint.HTTPJSONNumbers:
		made, ok = p.json(algorithm)
	case fingerprint.HTTPMultipart:
		made, ok = p.multipart()
	default:
		return made, false
	}
	if !ok { // a body without this form never equals a body with it
		made = backend.Fingerprint{algorithm}
	}
	return made, true
}

func (p *payload) json(algorithm byte) (made backend.Fingerprint, ok bool) {
	if !isJSON(p.contentType) {
		return made, false
	}
	return fingerprintJSON(algorithm, p.bytes[:p.body], p.bytes[p.body:])
}

// multipart digests the body part by part, without its boundary, which a client
// chooses anew for every attempt.
func (p *payload) multipart() (made backend.Fingerprint, ok bool) {
	mediaType, boundary, ok := multipartType(p.contentType)
	if !ok {
		return made, false
	}
	digest := sha256.New()
	digest.Write(p.bytes[:p.mediaType])
	digest.Write(appendPrefixed(nil, mediaType))
	if !digestParts(digest, p.bytes[p.body:], boundary) {
		return made, false
	}
	made[0] = fingerprint.HTTPMultipart
	digest.Sum(made[1:1])
	return made, true
}

// custom digests the result of the function of [WithFingerprint] in place of
// query, content coding, content type and body.
func (p *payload) custom(identity []byte) backend.Fingerprint {
	return fingerprint.New(fingerprint.HTTPCustom, slices.Concat(p.bytes[:p.query], identity))
}
