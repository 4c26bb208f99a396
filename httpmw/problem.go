package httpmw

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/oncewire/idempotency"
)

// DefaultTypeBase is the base of the problem types in [WriteRefusal].
const DefaultTypeBase = "https://github.com/oncewire/idempotency/blob/main/docs/errors.md#"

// problem is a problem details object (RFC 9457). Reason, Next and Rule are
// extension members.
type problem struct {
	Type   string             `json:"type"`
	Title  string             `json:"title"`
	Status int                `json:"status"`
	Detail string             `json:"detail"`
	Reason idempotency.Reason `json:"reason,omitempty"`
	Next   idempotency.Next   `json:"next,omitempty"`
	Rule   string             `json:"rule,omitempty"`
}

// writeProblem writes a refusal as problem details.
func writeProblem(w http.ResponseWriter, base string, refusal *idempotency.Error) {
	status := Status(refusal.Reason)
	body, _ := json.Marshal(problem{ //nolint:errchkjson // strings and a number never fail
		Type:   base + strings.ToLower(strings.ReplaceAll(string(refusal.Reason), "_", "-")),
		Title:  refusal.Title(),
		Status: status,
		Detail: refusal.Detail(),
		Reason: refusal.Reason,
		Next:   refusal.Next(),
		Rule:   refusal.Rule,
	})
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone; there is nothing to do about an error
}
