package httpmw

import (
	"bytes"
	"encoding/binary"
	"hash"
	"maps"
	"mime"
	"slices"
	"strings"
)

// Limits of a multipart body that is compared part by part. The limit of parts is
// that of package mime/multipart.
const (
	maxParts      = 1000
	maxPartHeader = 8 << 10 // bytes
	maxBoundary   = 70      // bytes, by RFC 2046
)

// multipartType returns a multipart media type without its boundary, and the
// boundary.
func multipartType(contentType string) (mediaType []byte, boundary string, ok bool) {
	const prefix = "multipart/"
	if len(contentType) < len(prefix) || !strings.EqualFold(contentType[:len(prefix)], prefix) {
		return nil, "", false
	}
	name, parameters, err := mime.ParseMediaType(contentType)
	boundary = parameters["boundary"]
	if err != nil || boundary == "" || len(boundary) > maxBoundary {
		return nil, "", false
	}
	delete(parameters, "boundary")
	mediaType = appendPrefixed(mediaType, name)
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		mediaType = appendPrefixed(appendPrefixed(mediaType, name), parameters[name])
	}
	return mediaType, boundary, true
}

var crlf = []byte("\r\n")

// parts digests the parts of a multipart body (RFC 2046, section 5.1).
type parts struct {
	digest    hash.Hash
	delimiter []byte // "--" and the boundary
	header    []byte // of the current part, in canonical form
}

// digestParts adds the header fields and the content of each part to the digest.
// It returns false for a body that is not strictly well-formed: other readers may
// find other parts in it. For example, the boundary must appear only between two
// parts.
func digestParts(digest hash.Hash, body []byte, boundary string) bool {
	p := parts{digest: digest, delimiter: []byte("--" + boundary)}
	rest, last, ok := p.cutDelimiter(bytes.TrimPrefix(body, crlf))
	for n := 0; ok && !last; n++ {
		end := bytes.Index(rest, p.delimiter)
		if n == maxParts || end < 0 {
			return false
		}
		part, found := bytes.CutSuffix(rest[:end], crlf)
		if !found || !p.add(part) {
			return false
		}
		rest, last, ok = p.cutDelimiter(rest[end:])
	}
	return ok
}

// cutDelimiter removes the delimiter at the beginning of the body. The last
// delimiter ends with two hyphens, and only a line break may follow it.
func (p *parts) cutDelimiter(body []byte) (rest []byte, last, ok bool) {
	rest, ok = bytes.CutPrefix(body, p.delimiter)
	if !ok {
		return nil, false, false
	}
	if rest, ok = bytes.CutPrefix(rest, crlf); ok {
		return rest, false, true
	}
	rest, last = bytes.CutPrefix(rest, []byte("--"))
	return nil, true, last && len(bytes.TrimPrefix(rest, crlf)) == 0
}

func (p *parts) add(part []byte) bool {
	header, content, ok := cutHeader(part)
	if !ok || !p.fields(header) {
		return false
	}
	p.header = binary.BigEndian.AppendUint64(p.header, uint64(len(content)))
	p.digest.Write(p.header)
	p.digest.Write(content)
	return true
}

// cutHeader splits a part at the first empty line. A part without a header begins
// with that line.
func cutHeader(part []byte) (header, content []byte, ok bool) {
	if content, ok = bytes.CutPrefix(part, crlf); ok {
		return nil, content, true
	}
	header, content, ok = bytes.Cut(part, []byte("\r\n\r\n"))
	return header, content, ok && len(header) <= maxPartHeader
}

// fields stores the header of a part: names in lower case, values without the
// spaces around them, in the order in which they were sent.
func (p *parts) fields(header []byte) bool {
	p.header = beginPrefixed(p.header[:0])
	for len(header) > 0 {
		var line []byte
		line, header, _ = bytes.Cut(header, crlf)
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t") || bytes.ContainsAny(line, "\r\n") {
			return false
		}
		start := len(p.header)
		p.header = appendLower(beginPrefixed(p.header), name)
		endPrefixed(p.header, start)
		p.header = appendPrefixed(p.header, bytes.Trim(value, " \t"))
	}
	endPrefixed(p.header, 0)
	return true
}
