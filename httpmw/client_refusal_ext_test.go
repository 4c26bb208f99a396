package httpmw_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

// written is a refusal as a client gets it from a server of this library.
func written(request *http.Request, refusal *idempotency.Error) *http.Response {
	recorder := httptest.NewRecorder()
	httpmw.RefusalWriter(httpmw.WriteRefusal).Refuse(recorder, request, refusal)
	return recorder.Result()
}

func TestReadRefusal(t *testing.T) {
	for _, want := range []*idempotency.Error{
		{Reason: idempotency.ReasonInProgress, RetryAfter: 3 * time.Second, Mark: "mark"},
		{Reason: idempotency.ReasonKeyInvalid, Rule: "length"},
		{Reason: idempotency.ReasonOutcomeUnknown, Mark: "mark"},
	} {
		response := written(newCall(t, "POST", ""), want)
		want.Advised = want.Next()
		for range 2 { // the second time from what was read
			got, is := httpmw.ReadRefusal(response)
			if !is || *got != *want || got.Next() != want.Next() || !errors.Is(got, want) {
				t.Fatalf("read %+v, want %+v", got, want)
			}
		}
		if body, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(body), string(want.Reason)) {
			t.Errorf("the body reads %q (%v)", body, err)
		}
	}
}

func problemDetails(body string, fields ...string) *http.Response {
	response, _ := answers(409, body, append([]string{"Content-Type", "application/problem+json; charset=utf-8"}, fields...)...)(nil)
	return response
}

// TestRefusalOfANewerServer guides as that server says.
func TestRefusalOfANewerServer(t *testing.T) {
	tests := []struct {
		next       idempotency.Next
		retryAfter string
		after      time.Duration
	}{
		{idempotency.NextRetrySameKey, "5", 5 * time.Second},
		{idempotency.NextRetrySameKey, "", 0},
		{idempotency.NextUseNewKey, "5", 5 * time.Second},
		{idempotency.NextFixRequest, "", 0},
		{idempotency.NextAskOperator, "", 0},
	}
	for _, test := range tests {
		response := problemDetails(`{"reason":"QUOTA","next":"`+string(test.next)+`"}`, "Retry-After", test.retryAfter)
		refusal, is := httpmw.ReadRefusal(response)
		if !is || refusal.Reason != "QUOTA" || refusal.Next() != test.next || refusal.RetryAfter != test.after {
			t.Errorf("%+v: read %+v", test, refusal)
		}
	}
	refusal, is := httpmw.ReadRefusal(problemDetails(`{"reason":"KEY_REUSED","next":"wait_a_day"}`))
	if !is || refusal.Next() != idempotency.NextUseNewKey {
		t.Errorf("read %+v", refusal)
	}
}

func TestNoRefusal(t *testing.T) {
	html, _ := answers(409, `{"reason":"IN_PROGRESS","next":"retry_same_key"}`, "Content-Type", "text/html")(nil)
	declared := problemDetails(`{"reason":"IN_PROGRESS","next":"retry_same_key"}`)
	declared.ContentLength = 1 << 20
	empty := problemDetails("")
	empty.Body = nil
	for name, response := range map[string]*http.Response{
		"another type":       html,
		"no JSON":            problemDetails("busy"),
		"no reason":          problemDetails(`{"next":"retry_same_key"}`),
		"no next":            problemDetails(`{"reason":"IN_PROGRESS"}`),
		"other details":      problemDetails(`{"reason":"NO_MONEY","next":"deposit"}`),
		"reason of a number": problemDetails(`{"reason":7,"next":"retry_same_key"}`),
		"too long":           problemDetails(`{"reason":"IN_PROGRESS","next":"retry_same_key","x":"` + strings.Repeat("x", 17<<10) + `"}`),
		"declared too long":  declared,
		"no body":            empty,
	} {
		if refusal, is := httpmw.ReadRefusal(response); is {
			t.Errorf("%s: read %+v", name, refusal)
		}
	}
}

// TestBrokenBodyStaysBroken: who reads it after ReadRefusal learns of the error.
func TestBrokenBodyStaysBroken(t *testing.T) {
	response := problemDetails("")
	response.Body = io.NopCloser(iotest.TimeoutReader(strings.NewReader(`{"reason"`)))
	if refusal, is := httpmw.ReadRefusal(response); is {
		t.Errorf("read %+v", refusal)
	}
	if body, err := io.ReadAll(response.Body); string(body) != `{"reason"` || !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("read %q, error %v", body, err)
	}
}

func TestReplayed(t *testing.T) {
	guarded := newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(ok))
	for i, want := range []bool{false, true} {
		recorder := httptest.NewRecorder()
		guarded.ServeHTTP(recorder, newRequest(key, "five"))
		if got := httpmw.Replayed(recorder.Result()); got != want {
			t.Errorf("answer %d: replayed %t", i+1, got)
		}
	}
	own, _ := answers(200, "", "X-Replay", "true")(nil)
	if httpmw.Replayed(own) || httpmw.Replayed(own, "") || !httpmw.Replayed(own, "x-replay") {
		t.Error("the field's own name is not read")
	}
}
