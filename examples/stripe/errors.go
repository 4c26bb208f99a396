package main

import (
	"net/http"

	"github.com/oncewire/idempotency"
)

// failure is the error that Stripe's libraries read from an answer. stripe-node
// treats a body without "error" as a success, whatever the status is. stripe-go
// retries after every error whose body it cannot read.
type failure struct {
	Type    string `json:"type"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
	Param   string `json:"param,omitempty"`
}

func (f failure) write(w http.ResponseWriter, status int) {
	writeJSON(w, status, map[string]failure{"error": f})
}

// writeRefusal writes a refusal in Stripe's form. Its libraries decide by the
// field Stripe-Should-Retry whether to retry, except stripe-go: of the errors that
// it can read, it retries only 429 with the code lock_timeout.
func writeRefusal(w http.ResponseWriter, _ *http.Request, refusal *idempotency.Error) {
	shown := failure{Type: "idempotency_error", Message: refusal.Detail()}
	status := http.StatusBadRequest
	retry := "false"
	switch refusal.Next() {
	case idempotency.NextRetrySameKey:
		status, retry, shown.Code = http.StatusTooManyRequests, "true", "lock_timeout"
	case idempotency.NextAskOperator: // a new key might charge twice
		status, shown.Code = http.StatusConflict, "idempotency_key_in_use"
	case idempotency.NextFixRequest:
		shown.Type = "invalid_request_error"
	case idempotency.NextUseNewKey:
	}
	w.Header().Set("Stripe-Should-Retry", retry)
	shown.write(w, status)
}
