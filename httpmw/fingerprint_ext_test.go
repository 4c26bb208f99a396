package httpmw_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/httpmw"
)

// message is the part of a request that a case changes.
type message struct{ target, contentType, coding, body string }

func (m message) send(handler http.Handler) answer {
	request := httptest.NewRequest(http.MethodPost, m.target, strings.NewReader(m.body))
	request.Header.Set("Idempotency-Key", key)
	if m.contentType != "" {
		request.Header.Set("Content-Type", m.contentType)
	}
	if m.coding != "" {
		request.Header.Set("Content-Encoding", m.coding)
	}
	return do(handler, request)
}

const plainJSON = `{"a": 1, "b": [1, 2]}`

func TestSameRequest(t *testing.T) {
	canonical := []httpmw.Option{httpmw.WithCanonicalJSON()}
	numbers := []httpmw.Option{httpmw.WithCanonicalJSONNumbers(), httpmw.WithCanonicalJSON()}
	base := message{"/?a=1&b=2", "application/json; charset=utf-8", "", plainJSON}
	tests := map[string]struct {
		options []httpmw.Option
		change  func(*message)
		same    bool
	}{
		"nothing":              {nil, func(*message) {}, true},
		"case of the type":     {nil, func(m *message) { m.contentType = "Application/JSON;Charset=utf-8 ;" }, true},
		"query":                {nil, func(m *message) { m.target = "/?a=1&b=3" }, false},
		"order of the query":   {nil, func(m *message) { m.target = "/?b=2&a=1" }, false},
		"content type":         {nil, func(m *message) { m.contentType = "text/plain" }, false},
		"parameter":            {nil, func(m *message) { m.contentType = "application/json; charset=ascii" }, false},
		"coding":               {nil, func(m *message) { m.coding = "br" }, false},
		"body":                 {nil, func(m *message) { m.body = `{"a": 2}` }, false},
		"white space":          {nil, func(m *message) { m.body = `{"a":1,"b":[1,2]}` }, false},
		"canonical, space":     {canonical, func(m *message) { m.body = `{"a":1,"b":[1,2]}` }, true},
		"canonical, order":     {canonical, func(m *message) { m.body = `{"b":[1,2],"a":1}` }, true},
		"canonical, elements":  {canonical, func(m *message) { m.body = `{"a":1,"b":[2,1]}` }, false},
		"canonical, number":    {canonical, func(m *message) { m.body = `{"a":1.0,"b":[1,2]}` }, false},
		"numbers, equal":       {numbers, func(m *message) { m.body = `{"b":[10e-1,2.0],"a":1e0}` }, true},
		"numbers, other":       {numbers, func(m *message) { m.body = `{"a":1.00000000000000000001,"b":[1,2]}` }, false},
		"canonical, invalid":   {canonical, func(m *message) { m.body = `{"a":1,"b":[1,2]` }, false},
		"canonical, no JSON":   {canonical, func(m *message) { m.contentType, m.body = "text/plain", `{"a":1,"b":[1,2]}` }, false},
		"part moved elsewhere": {nil, func(m *message) { m.target, m.body = "/?a=1&b=", "2"+plainJSON }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler := count(ok)
			guarded := newGuard(t, newEngine(t), test.options...).Wrap(handler)
			other := base
			test.change(&other)
			base.send(guarded).is(t, http.StatusOK, "done", false)
			got := other.send(guarded)
			if test.same {
				got.is(t, http.StatusOK, "done", true)
			} else {
				got.refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
			}
			handler.ran(t, 1)
		})
	}
}

func TestJSONSuffix(t *testing.T) {
	guarded := newGuard(t, newEngine(t), httpmw.WithCanonicalJSON()).Wrap(http.HandlerFunc(ok))
	message{"/", "application/merge-patch+JSON; v=1", "", `{"a":1}`}.send(guarded).is(t, http.StatusOK, "done", false)
	message{"/", "application/merge-patch+json;v=1", "", ` {"a": 1} `}.send(guarded).is(t, http.StatusOK, "done", true)
}

// A record from before the option was switched on or off must still replay to its
// own retry and refuse any other request.
func TestOptionIsSwitched(t *testing.T) {
	engine := engineOn(t, memstore.New())
	bytes := newGuard(t, engine).Wrap(http.HandlerFunc(ok))
	canonical := newGuard(t, engine, httpmw.WithCanonicalJSON()).Wrap(http.HandlerFunc(ok))
	numbers := newGuard(t, engine, httpmw.WithCanonicalJSONNumbers()).Wrap(http.HandlerFunc(ok))
	for name, order := range map[string][2]http.Handler{
		"on": {bytes, canonical}, "off": {canonical, bytes},
		"numbers on": {canonical, numbers}, "numbers off": {numbers, canonical},
		"both on": {bytes, numbers}, "both off": {numbers, bytes},
	} {
		for _, body := range []string{plainJSON, `{"a": 1, "a": 1}`} {
			path := "/" + strings.ReplaceAll(name, " ", "/") + "/" + string(rune('0'+len(body)%10))
			retry := message{path, "application/json", "", body}
			retry.send(order[0]).is(t, http.StatusOK, "done", false)
			retry.send(order[1]).is(t, http.StatusOK, "done", true)
			for _, other := range []string{`{"a": 2}`, `{`, ``} {
				got := message{path, "application/json", "", other}.send(order[1])
				got.refuses(t, http.StatusUnprocessableEntity, idempotency.ReasonKeyReused)
			}
		}
	}
}

func TestHandlerReadsItsBody(t *testing.T) {
	sizes := []int{0, 1, 511, 512, 4096, 70_000, 1 << 20}
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			server := start(t, newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err == nil {
					err = r.Body.Close()
				}
				if err != nil {
					t.Error(err)
				}
				_, _ = w.Write(body)
			})))
			for _, size := range sizes {
				body := strings.Repeat("x", size)
				for i, reader := range []io.Reader{strings.NewReader(body), io.MultiReader(strings.NewReader(body))} {
					request := server.request(idempotency.NewKey(), reader)
					if got := server.send(request); got.status != http.StatusOK || got.body != body {
						t.Errorf("body of %d bytes (%d): got %d, %d bytes", size, i, got.status, len(got.body))
					}
				}
			}
		})
	}
}

func TestRequestTrailers(t *testing.T) {
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			server := start(t, newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				_, _ = io.WriteString(w, string(body)+" "+r.Trailer.Get("X-Sum"))
			})))
			request := server.request(key, io.MultiReader(strings.NewReader("body")))
			request.Trailer = http.Header{"X-Sum": {"42"}}
			server.send(request).is(t, http.StatusOK, "body 42", false)
		})
	}
}

func TestExpectContinue(t *testing.T) {
	server := startHTTP1(t, newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(ok)))
	for _, replayed := range []bool{false, true} {
		request := server.request(key, strings.NewReader("body"))
		request.Header.Set("Expect", "100-continue")
		server.send(request).is(t, http.StatusOK, "done", replayed)
	}
}
