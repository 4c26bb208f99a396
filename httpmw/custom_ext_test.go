package httpmw_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
	"github.com/oncewire/idempotency/internal/mark"
)

// amount compares orders only by their amount.
func amount(_ *http.Request, body []byte) ([]byte, error) {
	var order struct {
		Amount json.Number `json:"amount"`
	}
	err := json.Unmarshal(body, &order)
	return []byte(order.Amount), err
}

func TestWithFingerprint(t *testing.T) {
	base := message{"/?a=1", "application/json", "", `{"amount":1,"sent":"now"}`}
	tests := map[string]struct {
		change func(*message)
		same   bool
	}{
		"field that differs": {func(m *message) { m.body = `{"amount":1,"sent":"later"}` }, true},
		"query and type":     {func(m *message) { m.target, m.contentType = "/?b=2", "text/json" }, true},
		"amount":             {func(m *message) { m.body = `{"amount":2,"sent":"now"}` }, false},
		"host":               {func(m *message) { m.target = "http://b.example/?a=1" }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler := count(ok)
			guarded := newGuard(t, newEngine(t), httpmw.WithFingerprint(amount), httpmw.WithCanonicalJSON()).Wrap(handler)
			base.send(guarded).is(t, http.StatusOK, "done", false)
			again := base
			test.change(&again)
			wantSame(t, again.send(guarded), test.same)
			handler.ran(t, 1)
		})
	}
}

// TestFingerprintPath: with a function that ignores the path, two mounts of one
// handler are still different.
func TestFingerprintPath(t *testing.T) {
	guarded := newGuard(t, newEngine(t), httpmw.WithFingerprint(amount)).Wrap(http.HandlerFunc(ok))
	send := func(mount string) answer {
		return message{mount + "/pay", "application/json", "", `{"amount":1}`}.send(http.StripPrefix(mount, guarded))
	}
	send("/a").is(t, http.StatusOK, "done", false)
	send("/b").refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
}

// TestFingerprintError: the handler does not run, and the client does not see the
// error.
func TestFingerprintError(t *testing.T) {
	handler := count(ok)
	var events observed
	engine := newEngine(t, idempotency.WithObserver(&events))
	guarded := newGuard(t, engine, httpmw.WithFingerprint(amount)).Wrap(handler)
	got := post(guarded, key, "no JSON")
	got.refuses(t, http.StatusBadRequest, idempotency.ReasonRequestUnreadable)
	if got.header.Get(mark.Field) == "" || strings.Contains(got.body, "invalid character") {
		t.Errorf("got %v %s", got.header, got.body)
	}
	if len(events) != 1 || events[0].Reason != idempotency.ReasonRequestUnreadable || !strings.Contains(events[0].Err.Error(), "invalid character") {
		t.Errorf("observed %+v", events)
	}
	handler.ran(t, 0)
	post(guarded, key, `{"amount":1}`).is(t, http.StatusOK, "done", false)
}

// TestFingerprintReadsForm: the function may parse its request, and the handler
// parses its own.
func TestFingerprintReadsForm(t *testing.T) {
	fingerprint := httpmw.WithFingerprint(func(r *http.Request, body []byte) ([]byte, error) {
		r.Header.Set("X-Changed", "yes")
		_ = append(body, "spoiled"...)
		return []byte(r.FormValue("amount")), r.ParseForm()
	})
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			server := start(t, newGuard(t, newEngine(t), fingerprint).Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Form != nil || r.Header.Get("X-Changed") != "" {
					t.Error("the function changed the handler's request")
				}
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				_, _ = w.Write(body)
			})))
			for i, body := range []string{"amount=1&at=12", "at=13&amount=1"} {
				request := server.request(key, strings.NewReader(body))
				request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				server.send(request).is(t, http.StatusOK, "amount=1&at=12", i > 0)
			}
		})
	}
}

// TestFingerprintIsSwitched: records from before the function still match, and
// records of the function are replayed after it was removed.
func TestFingerprintIsSwitched(t *testing.T) {
	engine := newEngine(t)
	plain := newGuard(t, engine).Wrap(http.HandlerFunc(ok))
	custom := newGuard(t, engine, httpmw.WithFingerprint(amount)).Wrap(http.HandlerFunc(ok))
	order := func(path, amount string) message {
		return message{path, "application/json", "", `{"amount":` + amount + `}`}
	}
	order("/on", "1").send(plain).is(t, http.StatusOK, "done", false)
	order("/on", "1").send(custom).is(t, http.StatusOK, "done", true)
	order("/on", "2").send(custom).refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
	order("/off", "1").send(custom).is(t, http.StatusOK, "done", false)
	order("/off", "1").send(plain).is(t, http.StatusOK, "done", true)
}

// TestFingerprintWithoutKey: the function does not run for unguarded requests.
func TestFingerprintWithoutKey(t *testing.T) {
	guarded := newGuard(t, newEngine(t), httpmw.WithFingerprint(func(*http.Request, []byte) ([]byte, error) {
		return nil, errors.New("asked")
	})).Wrap(http.HandlerFunc(ok))
	post(guarded, "", "{}").is(t, http.StatusOK, "done", false)
}
