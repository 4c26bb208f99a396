package idemopenapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/httpmw"
)

// TestRefusalsAreAsDocumented compares the document with what the default writer of refusals writes,
// for every reason.
func TestRefusalsAreAsDocumented(t *testing.T) {
	d := annotate(t, one("post", "Shop_Buy"), files(t, map[string][]rpc{"a": {{name: "Buy", mode: required}}}))
	schema, answers := d.Definitions["idempotencyProblem"], d.Paths["/p"]["post"].Responses
	undocumented := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestEntityTooLarge} // see the package's documentation
	for number, name := range idempotencyv1.Reason_name {
		if number == 0 {
			continue
		}
		reason := idempotency.Reason(strings.TrimPrefix(name, "REASON_"))
		recorder := httptest.NewRecorder()
		httpmw.WriteRefusal(recorder, nil, &idempotency.Error{Reason: reason, Rule: "uuid"})
		answer, documented := answers[strconv.Itoa(recorder.Code)]
		if documented == slices.Contains(undocumented, recorder.Code) || documented && !strings.Contains(answer.Description, string(reason)) {
			t.Errorf("%s: %d is documented: %t", reason, recorder.Code, documented)
		}
		var problem map[string]any
		if err := json.Unmarshal(recorder.Body.Bytes(), &problem); err != nil {
			t.Fatal(err)
		}
		for member, value := range problem {
			property, known := schema.Properties[member]
			if !known || property.Enum != nil && !slices.Contains(property.Enum, value.(string)) {
				t.Errorf("%s: %s: %v is not documented", reason, member, value)
			}
		}
		for _, member := range schema.Required {
			if problem[member] == nil {
				t.Errorf("%s: %s is missing", reason, member)
			}
		}
	}
}
