package httpmw

import (
	"encoding/binary"
	"net/http"
	"strings"
)

// appendTarget begins a payload with all but the body. The query counts as it
// was sent: the order of its parameters may matter.
func (m *Middleware) appendTarget(buffer []byte, r *http.Request) ([]byte, payload) {
	var p payload
	p.contentType = contentType(r)
	buffer = appendPart(buffer, m.host(r))
	buffer = appendPart(buffer, receivedPath(r))
	start := len(buffer)
	buffer = m.appendNamed(openPart(buffer), r.Header)
	p.query = closePart(buffer, start)
	buffer = appendPart(buffer, r.URL.RawQuery)
	start = len(buffer)
	buffer = openPart(buffer)
	for _, coding := range r.Header["Content-Encoding"] {
		buffer = append(appendLower(buffer, coding), ',')
	}
	p.kind = closePart(buffer, start)
	buffer = appendMediaType(openPart(buffer), p.contentType)
	p.body = closePart(buffer, p.kind)
	return buffer, p
}

// appendNamed adds the fields of WithFingerprintHeaders that the request has.
func (m *Middleware) appendNamed(buffer []byte, header http.Header) []byte {
	for _, name := range m.named {
		values, ok := header[name]
		if !ok {
			continue
		}
		buffer = appendPart(buffer, name)
		buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(values)))
		for _, value := range values {
			buffer = appendPart(buffer, value)
		}
	}
	return buffer
}

// siteOf is the default of WithHost.
func siteOf(r *http.Request) string {
	port := ":80"
	if r.TLS != nil {
		port = ":443"
	}
	site := strings.ToLower(r.Host)
	name := site
	if colon := strings.LastIndexByte(site, ':'); colon > strings.LastIndexByte(site, ']') {
		name = site[:colon]
	}
	if name == "localhost" || isAddress(name) {
		return ""
	}
	return strings.TrimSuffix(site, port)
}

// isAddress tells an IP address from a name, none of which ends in a number.
func isAddress(host string) bool {
	if strings.HasPrefix(host, "[") {
		return true
	}
	label := host[strings.LastIndexByte(host, '.')+1:]
	return label != "" && strings.Trim(label, "0123456789") == ""
}

// receivedPath returns the path that the client sent. An http.StripPrefix or
// another router outside of the guard changes the URL and not RequestURI, which
// only a request that no server has read lacks.
func receivedPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	switch {
	case path == "":
		return r.URL.EscapedPath()
	case path[0] == '/':
		return path
	}
	_, rest, absolute := strings.Cut(path, "://") // a client that speaks to a proxy
	if !absolute {
		return path // "*"
	}
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return rest[slash:]
	}
	return "/"
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

func appendLower[T string | []byte](buffer []byte, text T) []byte {
	for _, c := range []byte(strings.Trim(string(text), " \t")) {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buffer = append(buffer, c)
	}
	return buffer
}
