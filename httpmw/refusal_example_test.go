package httpmw_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// quoted refuses keys that are no string of RFC 9651, as the IETF draft demands. It
// stands around the guard, which accepts bare keys too.
func quoted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Get("Idempotency-Key"); key != "" && !strings.HasPrefix(key, `"`) {
			httpmw.WriteRefusal(w, r, &idempotency.Error{Reason: idempotency.ReasonKeyInvalid, Rule: "quotes"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// A rule of your own is refused like the rules of the library.
func ExampleWriteRefusal() {
	handler := quoted(http.NotFoundHandler())
	for _, key := range []string{`abc`, `"abc"`} {
		request := httptest.NewRequest(http.MethodPost, "/payments", nil)
		request.Header.Set("Idempotency-Key", key)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		refusal, refused := httpmw.ReadRefusal(answer.Result())
		if refused {
			fmt.Println(answer.Code, refusal.Reason, refusal.Rule)
			continue
		}
		fmt.Println(answer.Code)
	}
	// Output:
	// 422 KEY_INVALID quotes
	// 404
}
