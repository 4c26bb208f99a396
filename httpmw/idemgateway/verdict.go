package idemgateway

import (
	"net/http"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// Classify is [httpmw.DefaultClassifier], but abandons the claim after 504: a
// gateway makes that of DeadlineExceeded, after which nobody knows what the
// service has done.
func Classify(status int, header http.Header) idempotency.Verdict {
	if status == http.StatusGatewayTimeout {
		return idempotency.Abandon
	}
	return httpmw.DefaultClassifier(status, header)
}
