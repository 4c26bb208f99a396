package httpmw

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/oncewire/idempotency"
)

// payload is what the fingerprint of a request is made of: parts that are each
// led by their length, and then the body. The parts are host, path and named
// header fields, which count in every algorithm, then query and content coding,
// and then the content type.
type payload struct {
	bytes       []byte
	query       int // where the query begins
	kind        int // where the content type begins
	body        int // where the body begins
	contentType string
}

// fingerprint digests the payload in the form that its content type allows, and
// as bytes where it allows none. A JSON body has the canonical form that is named,
// or none.
func (p *payload) fingerprint(form idempotency.Algorithm) idempotency.Fingerprint {
	if form != idempotency.AlgorithmNone {
		if digest, ok := p.json(form); ok {
			return digest
		}
	}
	if digest, ok := p.multipart(); ok {
		return digest
	}
	return idempotency.NewFingerprint(idempotency.AlgorithmHTTP, p.bytes)
}

// Rehash implements idempotency.Rehasher, for records that were written before
// an option was switched on or off.
func (p *payload) Rehash(algorithm idempotency.Algorithm) (idempotency.Fingerprint, bool) {
	var digest idempotency.Fingerprint
	var ok bool
	switch algorithm {
	case idempotency.AlgorithmHTTP:
		return idempotency.NewFingerprint(algorithm, p.bytes), true
	case idempotency.AlgorithmHTTPJSON, idempotency.AlgorithmHTTPJSONNumbers:
		digest, ok = p.json(algorithm)
	case idempotency.AlgorithmHTTPMultipart:
		digest, ok = p.multipart()
	default:
		return idempotency.Fingerprint{}, false
	}
	if !ok {
		digest = formless(algorithm)
	}
	return digest, true
}

// formless is the fingerprint of a body that does not have the form of the
// algorithm. It differs from that of every body that has it.
func formless(algorithm idempotency.Algorithm) idempotency.Fingerprint {
	return idempotency.Fingerprint{byte(algorithm)}
}

func (p *payload) json(form idempotency.Algorithm) (idempotency.Fingerprint, bool) {
	if !isJSON(p.contentType) {
		return idempotency.Fingerprint{}, false
	}
	return fingerprintJSON(form, p.bytes[:p.body], p.bytes[p.body:])
}

// multipart digests the parts of the body while it walks over them. The
// boundary, which a client draws anew for every attempt, is left out.
func (p *payload) multipart() (made idempotency.Fingerprint, ok bool) {
	kind, boundary, ok := multipartType(p.contentType)
	if !ok {
		return made, false
	}
	digest := sha256.New()
	digest.Write(p.bytes[:p.kind])
	digest.Write(appendPart(nil, kind))
	if !hashParts(digest, p.bytes[p.body:], boundary) {
		return made, false
	}
	made[0] = byte(idempotency.AlgorithmHTTPMultipart)
	digest.Sum(made[1:1])
	return made, true
}

// custom digests what a function of the program made of the request.
func (p *payload) custom(identity []byte) idempotency.Fingerprint {
	return idempotency.NewFingerprint(idempotency.AlgorithmHTTPCustom, slices.Concat(p.bytes[:p.query], identity))
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

func appendPart[T string | []byte](buffer []byte, content T) []byte {
	buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(content)))
	return append(buffer, content...)
}
