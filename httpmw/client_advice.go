package httpmw

import (
	"net/http"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/httpretry"
	"github.com/oncewire/idempotency/internal/retry"
)

// advise says whether an answer settles its request.
func advise(response *http.Response) retry.Advice {
	if response.StatusCode < http.StatusBadRequest || Replayed(response) {
		return retry.Advice{}
	}
	if refusal, is := ReadRefusal(response); is {
		return retry.Advice{
			Retry:   refusal.Advised == idempotency.NextRetrySameKey && refusal.Next() == refusal.Advised,
			Running: refusal.Reason == idempotency.ReasonInProgress,
			After:   refusal.RetryAfter,
		}
	}
	after, told := httpretry.After(response.Header)
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
	return request.Context().Err() == nil && !httpretry.Permanent(err)
}
