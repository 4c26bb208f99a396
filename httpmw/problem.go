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

// newProblem returns the body of a refusal.
func newProblem(base string, refusal *idempotency.Error) []byte {
	body, _ := json.Marshal(problem{ //nolint:errchkjson // strings and a number never fail
		Type:   base + strings.ToLower(strings.ReplaceAll(string(refusal.Reason), "_", "-")),
		Title:  refusal.Title(),
		Status: Status(refusal.Reason),
		Detail: refusal.Detail(),
		Reason: refusal.Reason,
		Next:   refusal.Next(),
		Rule:   refusal.Rule,
	})
	return body
}

// problems writes problem details whose types have one base.
type problems struct {
	base   string
	bodies map[idempotency.Reason][]byte // without a rule; never changed
}

func newProblems(base string) *problems {
	p := &problems{base: base, bodies: make(map[idempotency.Reason][]byte, len(statuses))}
	for reason := range statuses {
		p.bodies[reason] = newProblem(base, &idempotency.Error{Reason: reason})
	}
	return p
}

var defaultProblems = sync.OnceValue(func() *problems { return newProblems(DefaultTypeBase) })

// write writes a refusal as problem details.
func (p *problems) write(w http.ResponseWriter, refusal *idempotency.Error) {
	body, ok := p.bodies[refusal.Reason]
	if !ok || refusal.Rule != "" {
		body = newProblem(p.base, refusal)
	}
	fields := newSetter(w.Header())
	fields.set("Content-Type", "application/problem+json")
	fields.set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(Status(refusal.Reason))
	_, _ = w.Write(body) // the client has gone; there is nothing to do about an error
}
