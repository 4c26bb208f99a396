package httpmw

import (
	"net/http"
	"strings"
)

// defaultHost is the default of [WithHost].
func defaultHost(r *http.Request) string {
	port := ":80"
	if r.TLS != nil {
		port = ":443"
	}
	host := strings.ToLower(r.Host)
	name := host
	if colon := strings.LastIndexByte(host, ':'); colon > strings.LastIndexByte(host, ']') {
		name = host[:colon]
	}
	if name == "localhost" || isAddress(name) {
		return ""
	}
	return strings.TrimSuffix(host, port)
}

// isAddress reports whether a host is an IP address and not a name. The last label
// of a name is never a number.
func isAddress(host string) bool {
	if strings.HasPrefix(host, "[") {
		return true
	}
	label := host[strings.LastIndexByte(host, '.')+1:]
	for _, c := range []byte(label) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return label != ""
}

// receivedPath returns the path that the client sent. An http.StripPrefix or
// another router outside the guard changes the URL and not RequestURI. RequestURI
// is empty only in a request that no server has read.
func receivedPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	switch {
	case path == "":
		return r.URL.EscapedPath()
	case path[0] == '/':
		return path
	}
	_, rest, absolute := strings.Cut(path, "://") // sent to a proxy
	if !absolute {
		return path // "*"
	}
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return rest[slash:]
	}
	return "/"
}
