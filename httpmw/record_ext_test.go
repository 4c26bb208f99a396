package httpmw_test

import (
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw"
)

func TestReplayIsFaithful(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 4000)
	tests := map[string]http.HandlerFunc{
		"nothing written": func(http.ResponseWriter, *http.Request) {},
		"implicit 200":    ok,
		"created": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/v1/payments/17")
			w.Header().Set("ETag", `"a1"`)
			w.Header().Set("Content-Type", "application/vnd.pay+json; charset=utf-8")
			w.Header()["Link"] = []string{"</a>; rel=next", "</b>; rel=prev"}
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id": 17}`)
			_, _ = w.Write([]byte("\n"))
		},
		"encoded": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte{0x1f, 0x8b, 0, 255, 254})
		},
		"no content":           func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"content type off":     func(w http.ResponseWriter, _ *http.Request) { w.Header()["Content-Type"] = nil; ok(w, nil) },
		"content type sniffed": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html><p>") },
		"internal error":       func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oops", http.StatusInternalServerError) },
		"redirect":             func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusSeeOther) },
		"declared length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4")
			ok(w, nil)
		},
		"long": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) },
		"own status": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(599)
			w.WriteHeader(http.StatusOK)
		},
	}
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					handler := count(test)
					server := start(t, newGuard(t, newEngine(t)).Wrap(handler))
					server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
					first, second := server.post(key, "{}"), server.again(key, "{}")
					handler.ran(t, 1)
					if first.replayed() || !second.replayed() {
						t.Fatal("the marker is in the wrong place")
					}
					for _, a := range []answer{first, second} {
						a.header.Del("Date")
						a.header.Del("Idempotent-Replayed")
						a.header.Del("Content-Length") // a server may chunk the first answer
					}
					if !reflect.DeepEqual(first, second) {
						t.Fatalf("first answer %+.300v\nreplay %+.300v", first, second)
					}
				})
			}
		})
	}
}

func TestReplayHasContentLength(t *testing.T) {
	handler := newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(ok))
	post(handler, key, "")
	if got := post(handler, key, "").header.Get("Content-Length"); got != "4" {
		t.Fatalf("got Content-Length %q", got)
	}
}

func TestHeadKeepsItsLength(t *testing.T) {
	handler := count(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1234") })
	server := startHTTP1(t, newGuard(t, newEngine(t), httpmw.WithMethods("head")).Wrap(handler))
	for range 2 {
		request := server.request(key, http.NoBody)
		request.Method = http.MethodHead
		if got := server.send(request).header.Get("Content-Length"); got != "1234" {
			t.Fatalf("got Content-Length %q", got)
		}
	}
	handler.ran(t, 1)
}

func TestTrailers(t *testing.T) {
	handler := count(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum, X-Never")
		w.Header().Add("Trailer", "X-Both")
		w.Header().Set("X-Both", "early")
		_, _ = io.WriteString(w, "body")
		w.Header().Set("X-Sum", "42")
		w.Header().Set("X-Both", "late")
		w.Header()[http.TrailerPrefix+"X-Late"] = []string{"a", "b"}
		w.Header().Set(http.TrailerPrefix+"X-Request-Id", "1")
		w.Header().Set("X-Header-Too-Late", "1")
	})
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			handler.Store(0)
			server := start(t, newGuard(t, newEngine(t)).Wrap(handler))
			server.post(key, "")
			replay := server.again(key, "")
			handler.ran(t, 1)
			replay.is(t, http.StatusOK, "body", true)
			want := http.Header{"X-Sum": {"42"}, "X-Late": {"a", "b"}, "X-Both": {"late"}, "X-Never": nil}
			for name, values := range want {
				if !slices.Equal(replay.trailer[name], values) {
					t.Errorf("got trailer %s %q, want %q", name, replay.trailer[name], values)
				}
			}
			if len(replay.trailer["X-Request-Id"]) > 0 || replay.header.Get("X-Header-Too-Late") != "" {
				t.Errorf("replayed too much: %v, %v", replay.header, replay.trailer)
			}
		})
	}
}

func TestNeverStored(t *testing.T) {
	set := func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		for _, name := range append(httpmw.DefaultUnrecordedFields(), "Date", "Keep-Alive", "Set-Cookie", "x-raw-hop", "X-Keep", "DATE", "set-Cookie", "AGE") {
			header[name] = []string{"first"}
		}
		header.Set("Connection", "close, X-Raw-Hop")
		header.Set("Idempotent-Replayed", "true") // by an inner layer
	}
	tests := map[string]struct {
		options []httpmw.Option
		stored  []string
	}{
		"by default":      {nil, []string{"X-Keep"}},
		"cookie opted in": {[]httpmw.Option{httpmw.WithSetCookie()}, []string{"Set-Cookie", "X-Keep", "set-Cookie"}},
		"own list":        {[]httpmw.Option{httpmw.WithUnrecordedFields("x-keep")}, httpmw.DefaultUnrecordedFields()},
		"empty list":      {[]httpmw.Option{httpmw.WithUnrecordedFields()}, append(httpmw.DefaultUnrecordedFields(), "X-Keep")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			handler := newGuard(t, newEngine(t), test.options...).Wrap(http.HandlerFunc(set))
			if got := post(handler, key, ""); !got.replayed() || got.header.Get("Set-Cookie") != "first" {
				t.Fatal("the first caller must get everything")
			}
			replay := post(handler, key, "")
			delete(replay.header, "Idempotent-Replayed")
			delete(replay.header, "Content-Length")
			got := slices.Sorted(maps.Keys(replay.header))
			slices.Sort(test.stored)
			if !slices.Equal(got, test.stored) {
				t.Fatalf("stored %q, want %q", got, test.stored)
			}
		})
	}
}

func TestCorruptRecord(t *testing.T) {
	handler := count(ok)
	guarded := newGuard(t, engineOn(t, doneStore{outcome: []byte("rubbish")})).Wrap(handler)
	post(guarded, key, "").refuses(t, http.StatusConflict, idempotency.ReasonOutcomeUnreadable)
	handler.ran(t, 0)
}

func TestRenamedFields(t *testing.T) {
	engine := newEngine(t, idempotency.WithKeyRules(idempotency.KeyRules{Field: "x-once"}), idempotency.WithReplayedField("x-again"))
	handler := newGuard(t, engine).Wrap(http.HandlerFunc(ok))
	for _, marker := range []string{"", "true"} {
		request := newRequest("", "")
		request.Header.Set("X-Once", key)
		if got := do(handler, request).header.Get("X-Again"); got != marker {
			t.Fatalf("got marker %q, want %q", got, marker)
		}
	}
}

func FuzzReplayOfAnything(f *testing.F) {
	f.Add([]byte("rubbish"))
	f.Add([]byte("\x08\x01\x1a\x03\x08\xc8\x01"))
	f.Add([]byte("\x08\x01\x1a\x1b\x08\xc8\x01\x12\x08\n\x01A\x12\x03b\nc\x1a\x04body\"\x06\n\x01T\x12\x01t"))
	handler := count(ok)
	f.Fuzz(func(t *testing.T, stored []byte) {
		guarded := newGuard(t, engineOn(t, doneStore{outcome: stored})).Wrap(handler)
		got := post(guarded, key, "")
		if !got.replayed() {
			got.refuses(t, http.StatusConflict, idempotency.ReasonOutcomeUnreadable)
		}
		handler.ran(t, 0)
	})
}
