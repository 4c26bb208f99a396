package httpmw

import (
	"net/http"
	"strings"
)

// rpcRoute reports whether the method and path of the request are those of a call
// over gRPC or gRPC-Web or of a stream over Connect, which package idemgrpc or
// idemconnect guards. A client chooses the content type, so the content type alone
// must not disable the guard; the server decides which paths exist.
func rpcRoute(r *http.Request) bool {
	return r.Method == http.MethodPost && rpcPath(r.URL.Path)
}

// rpcFraming reports whether the content type is one of these protocols:
//
//	application/grpc, application/grpc-web, application/grpc-web-text, also with +CODEC
//	application/connect+proto, application/connect+json
func rpcFraming(contentType string) bool {
	const prefix = "application/"
	if len(contentType) <= len(prefix) || !strings.ContainsRune("gGcC", rune(contentType[len(prefix)])) {
		return false // the fast path for most requests
	}
	kind, _, _ := strings.Cut(contentType, ";")
	protocol, codec, named := strings.Cut(trimBlanks(kind), "+")
	switch {
	case strings.EqualFold(protocol, "application/connect"):
		return strings.EqualFold(codec, "proto") || strings.EqualFold(codec, "json")
	case strings.EqualFold(protocol, "application/grpc"),
		strings.EqualFold(protocol, "application/grpc-web"),
		strings.EqualFold(protocol, "application/grpc-web-text"):
		return !named || codec != ""
	default:
		return false
	}
}

// rpcPath reports whether the path is exactly /package.Service/Method. The package
// is required, because /v1/payments is a REST path.
func rpcPath(path string) bool {
	service, method, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !ok || !strings.Contains(service, ".") || !identifier(method) {
		return false
	}
	for part := range strings.SplitSeq(service, ".") {
		if !identifier(part) {
			return false
		}
	}
	return true
}

// identifier reports whether the text is an identifier in protobuf.
func identifier(text string) bool {
	for i, c := range []byte(text) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		digit := c >= '0' && c <= '9'
		if !letter && (!digit || i == 0) {
			return false
		}
	}
	return text != ""
}
