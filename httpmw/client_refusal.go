package httpmw

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"time"

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
// The reason may be one of a newer server. Next then still says whether a retry
// helps, as the server told.
//
// A server whose [WithRefusalWriter] writes errors of another form has no refusals
// here; neither has an answer whose Content-Encoding was not removed, or is larger
// than 16 KiB. Anybody can write such an answer: it says what the server claims.
//
// What was read of the body can be read again: the response is as before, also for
// a second ReadRefusal. It must not be used concurrently.
func ReadRefusal(response *http.Response) (*idempotency.Error, bool) {
	refusal, _ := readProblem(response)
	return refusal, refusal != nil
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

// readProblem returns the refusal that a response carries and what it says itself
// about the next step; or nil.
func readProblem(response *http.Response) (*idempotency.Error, idempotency.Next) {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if mediaType != "application/problem+json" || response.Body == nil || response.ContentLength > maxProblem {
		return nil, ""
	}
	details := struct {
		Reason idempotency.Reason `json:"reason"`
		Next   idempotency.Next   `json:"next"`
		Rule   string             `json:"rule"`
	}{}
	if isJSON := json.Unmarshal(peek(response), &details) == nil; !isJSON || details.Reason == "" || details.Next == "" {
		return nil, ""
	}
	refusal := &idempotency.Error{Reason: details.Reason, Rule: details.Rule, Mark: response.Header.Get(mark.Field)}
	refusal.RetryAfter, _ = httpretry.After(response.Header)
	if known := refusal.Title() != ""; !known {
		if !isNext(details.Next) { // another library's details have a reason too
			return nil, ""
		}
		refusal.RetryAfter = adopt(details.Next, refusal.RetryAfter)
	}
	return refusal, details.Next
}

func isNext(next idempotency.Next) bool {
	switch next {
	case idempotency.NextRetrySameKey, idempotency.NextUseNewKey, idempotency.NextFixRequest, idempotency.NextAskOperator:
		return true
	default:
		return false
	}
}

// adopt returns the time after which to retry for a refusal with an unknown reason:
// none unless the server says that a retry helps, and then some, since
// [idempotency.Error.Next] knows nothing else.
func adopt(next idempotency.Next, after time.Duration) time.Duration {
	if next != idempotency.NextRetrySameKey {
		return 0
	}
	return max(after, time.Second)
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
