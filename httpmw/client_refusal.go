package httpmw

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"mime"
	"net/http"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/httpretry"
	"github.com/oncewire/idempotency/internal/mark"
)

// maxProblem bounds the problem details that are read, in bytes. Those of this
// library have less than 1 KiB.
const maxProblem = 16 << 10

// ReadRefusal returns the refusal that a response carries, if it carries one:
// problem details (RFC 9457) in JSON, as [WriteRefusal] writes them. The refusal
// has the reason, the rule that a key breaks, the mark and the time of Retry-After;
// compare it with [errors.Is], as in errors.Is(refusal, idempotency.ErrKeyReused).
//
// The reason may be one of a newer server. Next is then what that server says.
//
// A server whose [WithRefusalWriter] writes errors of another form has no refusals
// here; neither has an answer whose Content-Encoding was not removed, or is larger
// than 16 KiB. Anybody can write such an answer: it says what the server claims.
//
// What was read of the body can be read again: the response is as before, also for
// a second ReadRefusal. It must not be used concurrently.
func ReadRefusal(response *http.Response) (*idempotency.Error, bool) {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if mediaType != "application/problem+json" || response.Body == nil || response.ContentLength > maxProblem {
		return nil, false
	}
	details := struct {
		Reason idempotency.Reason `json:"reason"`
		Next   idempotency.Next   `json:"next"`
		Rule   string             `json:"rule"`
	}{}
	if isJSON := json.Unmarshal(peek(response), &details) == nil; !isJSON || details.Reason == "" || details.Next == "" {
		return nil, false
	}
	refusal := &idempotency.Error{Reason: details.Reason, Rule: details.Rule, Advised: details.Next, Mark: response.Header.Get(mark.Field)}
	refusal.RetryAfter, _ = httpretry.After(response.Header)
	if known := refusal.Title() != ""; !known && refusal.Next() != details.Next {
		return nil, false // another library's details have a reason too
	}
	return refusal, true
}

// Replayed reports whether a response is the recorded answer to an earlier request
// with the same key. Servers that have [idempotency.WithReplayedField] need its
// name here; the default is Idempotent-Replayed.
func Replayed(response *http.Response, field ...string) bool {
	name := idempotency.DefaultReplayedField
	if len(field) > 0 {
		name = cmp.Or(field[0], name)
	}
	return response.Header.Get(name) == "true"
}

// peek returns the beginning of the body, which stays to be read.
func peek(response *http.Response) []byte {
	body := response.Body
	start, err := io.ReadAll(io.LimitReader(body, maxProblem+1))
	rest := io.Reader(body)
	if err != nil {
		rest = failedReader{err}
	}
	response.Body = &peekedBody{io.MultiReader(bytes.NewReader(start), rest), body}
	return start
}

// peekedBody reads what was read before, and then the rest.
type peekedBody struct {
	io.Reader
	io.Closer
}

// failedReader repeats the error at which reading stopped.
type failedReader struct{ err error }

func (r failedReader) Read([]byte) (int, error) { return 0, r.err }
