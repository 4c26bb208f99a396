package httpmw_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/oncewire/idempotency"
)

// upload returns a multipart body with a file, and its content type.
func upload(t *testing.T, size int) (string, *bytes.Buffer) {
	t.Helper()
	body := new(bytes.Buffer)
	form := multipart.NewWriter(body)
	file, err := form.CreateFormFile("file", "photo.jpg")
	if err == nil {
		_, err = io.WriteString(file, strings.Repeat("x", size))
	}
	if err == nil {
		err = form.WriteField("album", "7")
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return form.FormDataContentType(), body
}

// TestMultipartFilesAreRemoved: the server removes the files of the request that it
// made. After a panic only the HTTP/2 server does.
func TestMultipartFilesAreRemoved(t *testing.T) {
	tests := map[string]struct {
		start  func(testing.TB, http.Handler) *server
		panics bool
	}{
		"HTTP/1.1":               {startHTTP1, false},
		"HTTP/2.0":               {startHTTP2, false},
		"HTTP/2.0 after a panic": {startHTTP2, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			t.Setenv("TMPDIR", folder)
			files := func() int {
				entries, err := os.ReadDir(folder)
				if err != nil {
					t.Error(err)
				}
				return len(entries)
			}
			handler := count(func(w http.ResponseWriter, r *http.Request) {
				if err := r.ParseMultipartForm(1); err != nil || files() != 1 {
					t.Errorf("%v, %d files", err, files())
				}
				if test.panics {
					panic(http.ErrAbortHandler)
				}
				ok(w, r)
			})
			server := test.start(t, newGuard(t, newEngine(t)).Wrap(handler))
			contentType, body := upload(t, 100_000)
			request := server.request(key, body)
			request.Header.Set("Content-Type", contentType)
			if response, err := server.Client().Do(request); err == nil {
				response.Body.Close()
			} else if !test.panics {
				t.Fatal(err)
			}
			soon(t, "the server has removed the file", func() bool { return handler.Load() == 1 && files() == 0 })
		})
	}
}

// TestRequestOfOuterMiddleware: it finds in its request what the handler and the
// inner router set there.
func TestRequestOfOuterMiddleware(t *testing.T) {
	for _, panics := range []bool{false, true} {
		mux := http.NewServeMux()
		mux.HandleFunc("POST /albums/{album}/{path...}", func(_ http.ResponseWriter, r *http.Request) {
			if err := r.ParseMultipartForm(1 << 20); err != nil {
				t.Error(err)
			}
			if panics {
				panic(http.ErrAbortHandler)
			}
		})
		guarded := newGuard(t, newEngine(t)).Wrap(mux)
		contentType, body := upload(t, 10)
		request := httptest.NewRequest(http.MethodPost, "/albums/7/a/b?size=3", body)
		request.Header.Set("Content-Type", contentType)
		request.Header.Set("Idempotency-Key", key)
		received, ctx := request.Body, request.Context()
		func() {
			defer func() { _ = recover() }()
			guarded.ServeHTTP(httptest.NewRecorder(), request)
		}()
		want := map[string]string{
			request.Pattern:               "POST /albums/{album}/{path...}",
			request.PathValue("album"):    "7",
			request.PathValue("path"):     "a/b",
			request.Form.Get("size"):      "3",
			request.PostForm.Get("album"): "7",
		}
		for got, want := range want {
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if form := request.MultipartForm; form == nil || len(form.File["file"]) != 1 {
			t.Errorf("got %+v", form)
		}
		if request.Body != received || request.Context() != ctx {
			t.Error("got another body or context")
		}
	}
}

// TestOuterMiddlewareMayReadItsRequest while the handler runs: only the route and the
// forms are written, as they are without a guard.
func TestOuterMiddlewareMayReadItsRequest(t *testing.T) {
	guarded := newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(ok))
	request := newRequest(key, "{}")
	var reading sync.WaitGroup
	reading.Go(func() {
		for range 1000 {
			_ = request.Method + request.URL.Path + request.Host + request.Header.Get("Content-Type")
		}
	})
	do(guarded, request).is(t, http.StatusOK, "done", false)
	reading.Wait()
}

// TestBodyBelongsToTheHandler also after it returned: later requests do not write to
// the body, whether it was read, in part or not at all.
func TestBodyBelongsToTheHandler(t *testing.T) {
	var bodies []io.Reader
	read := make([]byte, 50)
	guarded := newGuard(t, newEngine(t)).Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if len(bodies)%2 == 1 {
			_, _ = io.ReadFull(r.Body, read)
		}
		bodies = append(bodies, r.Body)
	}))
	const requests = 100
	text := func(i int) string {
		size := 100
		if i%3 == 0 {
			size = 100_000
		}
		return strings.Repeat(string(rune('A'+i%26)), size+i)
	}
	for i := range requests {
		post(guarded, idempotency.NewKey(), text(i))
	}
	for i, body := range bodies {
		want := text(i)
		if i%2 == 1 {
			want = want[len(read):]
		}
		got, err := io.ReadAll(body)
		if err != nil || string(got) != want {
			t.Fatalf("request %d: got %.20q and %d more bytes, %v", i, got, len(got)-20, err)
		}
	}
	if len(bodies) != requests {
		t.Errorf("%d of %d requests ran", len(bodies), requests)
	}
}

// slowWriter takes its first write when it is told to.
type slowWriter struct {
	begun, take chan struct{}
	written     []byte
}

func (s *slowWriter) Write(data []byte) (int, error) {
	close(s.begun)
	<-s.take
	s.written = append(s.written, data...)
	return len(data), nil
}

// TestBodyIsNotReusedWhileItIsRead by a goroutine that the handler left behind.
func TestBodyIsNotReusedWhileItIsRead(t *testing.T) {
	const size = 100_000
	w := &slowWriter{begun: make(chan struct{}), take: make(chan struct{})}
	var copying sync.WaitGroup
	guard := newGuard(t, newEngine(t))
	leaving := guard.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		copying.Go(func() {
			if _, err := io.Copy(w, r.Body); err != nil {
				t.Error(err)
			}
		})
		<-w.begun
	}))
	post(leaving, key, strings.Repeat("a", size))
	reading := guard.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	for range 10 {
		post(reading, idempotency.NewKey(), strings.Repeat("b", size))
	}
	close(w.take)
	copying.Wait()
	if string(w.written) != strings.Repeat("a", size) {
		t.Errorf("got %.20q and %d more bytes", w.written, len(w.written)-20)
	}
}
