package idemopenapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/httpmw"
)

// response is an answer of an operation.
type response struct {
	Description string            `json:"description"`
	Schema      reference         `json:"schema"`
	Headers     map[string]header `json:"headers,omitempty"`
}

type header struct {
	Description string `json:"description"`
	Type        string `json:"type"`
}

type reference struct {
	Ref string `json:"$ref"`
}

// statuses are those of the refusals that every guarded operation can answer. retry says whether a
// refusal of this status can have Retry-After.
var statuses = []struct {
	code  int
	retry bool
}{
	{http.StatusBadRequest, false},
	{http.StatusConflict, true},
	{http.StatusUnprocessableEntity, false},
	{http.StatusServiceUnavailable, true},
}

// addResponses marks the answers that can be replays, and adds the refusals.
func (a *annotator) addResponses(responses *object, required bool) error {
	for _, m := range *responses {
		if isRefusal(m.name) {
			continue
		}
		if err := responses.edit(m.name, a.mark); err != nil {
			return err
		}
	}
	for _, status := range statuses {
		answer := response{describe(status.code, required), reference{"#/definitions/" + problemName}, nil}
		if status.retry {
			answer.Headers = map[string]header{
				"Retry-After": {"Seconds to wait before the next try. Missing if a retry does not help.", "integer"},
			}
		}
		responses.add(strconv.Itoa(status.code), answer)
	}
	return nil
}

// mark adds the header field that marks a replay. A reference to an answer elsewhere in the document
// remains as it is.
func (a *annotator) mark(answer *object) error {
	if answer.get("$ref") != nil {
		return nil
	}
	return answer.edit("headers", func(headers *object) error {
		headers.add(a.replayedField, header{`"true" if this is the answer to an earlier request with the same key.`, typeString})
		return nil
	})
}

func isRefusal(code string) bool {
	for _, status := range statuses {
		if code == strconv.Itoa(status.code) {
			return true
		}
	}
	return false
}

// describe lists the reasons of the status with their titles.
func describe(status int, required bool) string {
	var text strings.Builder
	text.WriteString("Refused, and not run by this request. One of these reasons:")
	for _, reason := range reasons() {
		if httpmw.Status(reason) != status || reason == idempotency.ReasonKeyMissing && !required {
			continue
		}
		refusal := idempotency.Error{Reason: reason}
		fmt.Fprintf(&text, "\n\n- %s: %s Next: %s.", reason, refusal.Detail(), refusal.Next())
	}
	text.WriteString("\n\nThe service itself can answer with this status too, in its own form.")
	return text.String()
}

// reasons returns every reason of a refusal, in the order of the schema.
func reasons() []idempotency.Reason {
	numbers := make([]int32, 0, len(idempotencyv1.Reason_name))
	for number := range idempotencyv1.Reason_name {
		if number != 0 {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	list := make([]idempotency.Reason, len(numbers))
	for i, number := range numbers {
		list[i] = idempotency.Reason(strings.TrimPrefix(idempotencyv1.Reason_name[number], "REASON_"))
	}
	return list
}
