package httpmw

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

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

// encodedProblem is the answer to a refused request.
type encodedProblem struct {
	status int
	body   []byte
	length string // of the body
}

func encodeProblem(base string, refusal *idempotency.Error) encodedProblem {
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
	return encodedProblem{status, body, strconv.Itoa(len(body))}
}

// problems writes problem details whose types have one base.
type problems struct {
	base    string
	encoded map[idempotency.Reason]encodedProblem // without a rule; never changed
}

func newProblems(base string) *problems {
	p := &problems{base: base, encoded: make(map[idempotency.Reason]encodedProblem, len(statuses))}
	for reason := range statuses {
		p.encoded[reason] = encodeProblem(base, &idempotency.Error{Reason: reason})
	}
	return p
}

var defaultProblems = sync.OnceValue(func() *problems { return newProblems(DefaultTypeBase) })

// write writes a refusal as problem details.
func (p *problems) write(w http.ResponseWriter, refusal *idempotency.Error) {
	encoded, ok := p.encoded[refusal.Reason]
	if !ok || refusal.Rule != "" {
		encoded = encodeProblem(p.base, refusal)
	}
	fields := newSetter(w.Header())
	setRefusalFields(&fields, refusal)
	fields.set("Content-Type", "application/problem+json")
	fields.set("Content-Length", encoded.length)
	w.WriteHeader(encoded.status)
	_, _ = w.Write(encoded.body) // the client has gone; there is nothing to do about an error
}
