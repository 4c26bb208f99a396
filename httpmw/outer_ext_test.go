package httpmw_test

import (
	"io"
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"sync/atomic"
	"testing"
)

// outside is a middleware that sets fields before the guard. Each contains the
// number of the request.
type outside struct {
	calls   atomic.Int64
	set     func(header http.Header, call string)
	guarded http.Handler
}

func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.set(w.Header(), strconv.FormatInt(o.calls.Add(1), 10))
	o.guarded.ServeHTTP(w, r)
}

// TestOuterFields: a replay looks as if the handler had run again on the fields that
// the outer middleware set for this request.
func TestOuterFields(t *testing.T) {
	one := func(header http.Header, call string) { header.Set("X-Outer", call) }
	several := func(header http.Header, call string) { header["X-Outer"] = []string{"a" + call, "b" + call} }
	roomy := func(header http.Header, call string) { header["X-Outer"] = append(make([]string, 0, 8), call) }
	tests := map[string]struct {
		outer   func(header http.Header, call string)
		handler func(http.Header)
		replay  []string // of X-Outer
	}{
		"left alone":            {one, func(http.Header) {}, []string{"2"}},
		"deleted":               {one, func(h http.Header) { h.Del("X-Outer") }, nil},
		"emptied":               {one, func(h http.Header) { h["X-Outer"] = nil }, nil},
		"replaced":              {one, func(h http.Header) { h.Set("X-Outer", "mine") }, []string{"mine"}},
		"replaced by the same":  {one, func(h http.Header) { h.Set("X-Outer", "1") }, []string{"1"}},
		"replaced in place":     {one, func(h http.Header) { h["X-Outer"][0] = "mine" }, []string{"mine"}},
		"appended to":           {one, func(h http.Header) { h.Add("X-Outer", "mine") }, []string{"2", "mine"}},
		"appended to in place":  {roomy, func(h http.Header) { h.Add("X-Outer", "mine") }, []string{"2", "mine"}},
		"appended to twice":     {several, func(h http.Header) { h.Add("X-Outer", "c"); h.Add("X-Outer", "d") }, []string{"a2", "b2", "c", "d"}},
		"prepended to":          {one, func(h http.Header) { h["X-Outer"] = append([]string{"mine"}, h["X-Outer"]...) }, []string{"mine", "1"}},
		"one deleted":           {several, func(h http.Header) { h["X-Outer"] = h["X-Outer"][1:] }, []string{"b1"}},
		"the last deleted":      {several, func(h http.Header) { h["X-Outer"] = h["X-Outer"][:1] }, []string{"a1"}},
		"deleted, then set":     {one, func(h http.Header) { h.Del("X-Outer"); h.Set("X-Outer", "mine") }, []string{"mine"}},
		"nothing, then set":     {func(http.Header, string) {}, func(h http.Header) { h.Set("X-Outer", "mine") }, []string{"mine"}},
		"set without a value":   {func(h http.Header, _ string) { h["X-Outer"] = nil }, func(h http.Header) { h.Add("X-Outer", "mine") }, []string{"mine"}},
		"deleted, another one":  {func(h http.Header, call string) { h.Set("ETag", call) }, func(h http.Header) { h.Del("ETag") }, nil},
		"deleted, never stored": {func(h http.Header, call string) { h.Set("X-Request-ID", call) }, func(h http.Header) { h.Del("X-Request-ID") }, nil},
	}
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					handler := count(func(w http.ResponseWriter, _ *http.Request) {
						test.handler(w.Header())
						w.Header().Set("X-Inner", "1")
					})
					outer := &outside{set: test.outer, guarded: newGuard(t, newEngine(t)).Wrap(handler)}
					server := start(t, outer)
					server.post(key, "")
					replay := replayOf(server, outer)
					handler.ran(t, 1)
					if got := replay.header["X-Outer"]; !reflect.DeepEqual(got, test.replay) {
						t.Errorf("X-Outer: got %q, want %q", got, test.replay)
					}
					for _, name := range []string{"Etag", "X-Request-Id"} {
						if got, ok := replay.header[name]; ok {
							t.Errorf("%s: got %q", name, got)
						}
					}
					if replay.header.Get("X-Inner") != "1" {
						t.Errorf("got %v", replay.header)
					}
				})
			}
		})
	}
}

// replayOf sends the second request, more than once if the first is not recorded
// yet.
func replayOf(server *server, outer *outside) (got answer) {
	server.Helper()
	soon(server, "the first call is recorded", func() bool {
		outer.calls.Store(1)
		got = server.post(key, "")
		return got.replayed()
	})
	return got
}

// TestOuterTrailers: the same for trailers, announced or not.
func TestOuterTrailers(t *testing.T) {
	const late = http.TrailerPrefix
	set := func(header http.Header, call string) {
		header.Set("Trailer", "X-Sum, X-Gone, X-Alone, X-More")
		for _, name := range []string{"X-Sum", "X-Gone", "X-Alone", "X-More"} {
			header.Set(name, call)
		}
		for _, name := range []string{"Y-Sum", "Y-Gone", "Y-Alone", "Y-More"} {
			header.Set(late+name, call)
		}
	}
	handler := count(func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Add("Trailer", "X-Mine")
		_, _ = io.WriteString(w, "body")
		w.(http.Flusher).Flush()
		header.Set("X-Mine", "mine")
		header.Set("X-Sum", "sum")
		header.Del("X-Gone")
		header.Add("X-More", "more")
		header.Set(late+"Y-Mine", "mine")
		header.Set(late+"Y-Sum", "sum")
		delete(header, late+"Y-Gone")
		header[late+"Y-More"] = append(header[late+"Y-More"], "more")
	})
	want := func(call string) http.Header {
		trailer := http.Header{}
		for _, letter := range []string{"X", "Y"} {
			trailer[letter+"-Mine"] = []string{"mine"}
			trailer[letter+"-Sum"] = []string{"sum"}
			trailer[letter+"-Alone"] = []string{call}
			trailer[letter+"-More"] = []string{call, "more"}
		}
		return trailer
	}
	for protocol, start := range protocols {
		t.Run(protocol, func(t *testing.T) {
			handler.Store(0)
			outer := &outside{set: set, guarded: newGuard(t, newEngine(t)).Wrap(handler)}
			server := start(t, outer)
			first := server.post(key, "")
			replay := replayOf(server, outer)
			handler.ran(t, 1)
			for call, got := range map[string]answer{"1": first, "2": replay} {
				maps.DeleteFunc(got.trailer, func(_ string, values []string) bool { return len(values) == 0 })
				if !reflect.DeepEqual(got.trailer, want(call)) {
					t.Errorf("call %s: got %v, want %v", call, got.trailer, want(call))
				}
			}
		})
	}
}

// TestOuterAndHandlerMeet: what the handler did to one field does not change the
// others.
func TestOuterAndHandlerMeet(t *testing.T) {
	outer := &outside{
		set: func(header http.Header, call string) {
			header.Set("X-Outer", call)
			header.Set("X-Default", "outer")
			header.Add("Vary", "Origin")
			header.Set("X-Powered-By", "Go")
		},
		guarded: newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("Vary", "Accept")
			w.Header().Set("X-Inner", "1")
			w.Header().Set("X-Default", "inner")
			w.Header().Del("X-Powered-By")
		})),
	}
	first, replay := post(outer, key, ""), post(outer, key, "")
	want := http.Header{"X-Outer": {"1"}, "X-Default": {"inner"}, "Vary": {"Origin", "Accept"}, "X-Inner": {"1"}}
	if !reflect.DeepEqual(first.header, want) {
		t.Fatalf("got %v, want %v", first.header, want)
	}
	want["X-Outer"], want["Content-Length"], want["Idempotent-Replayed"] = []string{"2"}, []string{"0"}, []string{"true"}
	if !reflect.DeepEqual(replay.header, want) {
		t.Fatalf("got %v, want %v", replay.header, want)
	}
}
