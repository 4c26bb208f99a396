package httpretry

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
)

// Permanent reports whether an error of an [net/http.RoundTripper] is known to stay
// when the request is sent again: certificates that are not accepted, an unknown
// host or scheme, a malformed request.
func Permanent(err error) bool {
	if _, is := errors.AsType[*tls.CertificateVerificationError](err); is {
		return true
	}
	if _, is := errors.AsType[tls.RecordHeaderError](err); is { // no TLS at all
		return true
	}
	if _, is := errors.AsType[*net.AddrError](err); is {
		return true
	}
	if failure, is := errors.AsType[*net.OpError](err); is && failure.Op == "remote error" { // an alert of TLS
		return true
	}
	if lookup, is := errors.AsType[*net.DNSError](err); is && lookup.IsNotFound {
		return true
	}
	return malformed(err.Error())
}

// malformed recognises what net/http says, without a type of its own, of a request
// that cannot be sent.
func malformed(text string) bool {
	for _, part := range []string{
		"unsupported protocol scheme", "net/http: invalid ", "http: nil Request.", "http: no Host in request URL",
		"x509: ", "http: invalid Host header", "can't write control character", "http: ContentLength=", "http: Request.ContentLength=",
	} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
