package httpmw

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/retry"
)

// advise says whether an answer settles its request.
func advise(response *http.Response) retry.Advice {
	if response.StatusCode < http.StatusBadRequest || Replayed(response) {
		return retry.Advice{}
	}
	if refusal, next := readProblem(response); refusal != nil {
		return retry.Advice{
			Retry:   next == idempotency.NextRetrySameKey && refusal.Next() == next,
			Running: refusal.Reason == idempotency.ReasonInProgress,
			After:   refusal.RetryAfter,
		}
	}
	after, told := retryAfter(response.Header)
	switch response.StatusCode {
	case http.StatusConflict:
		return retry.Advice{Retry: told, After: after}
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return retry.Advice{Retry: true, After: after}
	default:
		return retry.Advice{}
	}
}

// connectionFailed reports whether an error may go away when the request is sent
// again. Most of net/http's errors have no type, so all are taken for failures of
// the connection, except for those that are known to stay.
func connectionFailed(request *http.Request, err error) bool {
	select {
	case <-request.Cancel: //nolint:staticcheck // callers still set it
		return false
	default:
	}
	return request.Context().Err() == nil && !permanent(err)
}

func permanent(err error) bool {
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
