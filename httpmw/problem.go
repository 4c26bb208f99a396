package httpmw

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/oncewire/idempotency"
)

// DefaultTypeBase is the base of [ProblemWriter] in [WriteRefusal].
const DefaultTypeBase = "https://github.com/oncewire/idempotency/blob/main/docs/errors.md#"

// problem is a problem details object (RFC 9457). Reason, Next and Rule are
// extension members.
type problem struct {
	Type   string              `json:"type"`
	Title  string              `json:"title"`
	Status int                 `json:"status"`
	Detail string              `json:"detail"`
	Reason idempotency.Reason  `json:"reason,omitempty"`
	Next   idempotency.Next    `json:"next,omitempty"`
	Rule   idempotency.KeyRule `json:"rule,omitempty"`
}

// WriteRefusal writes a refusal as problem details (RFC 9457) with the status of
// [Status]: the default of [WithRefusalWriter]. It sets the header fields of
// [RefusalWriter.Refuse] too.
func WriteRefusal(w http.ResponseWriter, _ *http.Request, refusal *idempotency.Error) {
	writeProblem(w, DefaultTypeBase, refusal)
}

// ProblemWriter returns a writer of problem details whose type is a URI below
// the base: the base and then the reason in lower case with hyphens, such as
// key-reused. The base should end in "#" or "/". An empty one is
// [DefaultTypeBase].
func ProblemWriter(base string) RefusalWriter {
	if base == "" {
		return WriteRefusal
	}
	return func(w http.ResponseWriter, _ *http.Request, refusal *idempotency.Error) {
		writeProblem(w, base, refusal)
	}
}

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
	prepare(header, refusal)
	header.Set("Content-Type", "application/problem+json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error cannot be reported any more
}
