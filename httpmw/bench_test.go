package httpmw_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/oncewire/idempotency/backend/memstore"
)

// sink is a ResponseWriter that costs nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header               { return s.header }
func (s *sink) WriteHeader(int)                   {}
func (s *sink) Write(data []byte) (int, error)    { return len(data), nil }
func (s *sink) WriteString(d string) (int, error) { return len(d), nil }

// load sends one request of 200 bytes again and again. Its answer has 300.
type load struct {
	writer  sink
	body    bytes.Reader
	request *http.Request
	content []byte
}

func newLoad() *load {
	l := &load{
		writer:  sink{http.Header{}},
		request: newRequest("", ""),
		content: bytes.Repeat([]byte("r"), 200),
	}
	l.request.Body, l.request.ContentLength = io.NopCloser(&l.body), int64(len(l.content))
	return l
}

func (l *load) send(handler http.Handler, key []string) {
	clear(l.writer.header)
	l.body.Reset(l.content)
	l.request.Header["Idempotency-Key"] = key
	handler.ServeHTTP(&l.writer, l.request)
}

var (
	bare           = http.HandlerFunc(payment)
	received       [256]byte
	result         = bytes.Repeat([]byte("a"), 300)
	resultType     = []string{"application/json"}
	resultLocation = []string{"/v1/payments/17"}
)

func payment(w http.ResponseWriter, r *http.Request) {
	for {
		if _, err := r.Body.Read(received[:]); err != nil {
			break
		}
	}
	header := w.Header()
	header["Content-Type"], header["Location"] = resultType, resultLocation
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(result)
}

func manyKeys(n int) [][]string {
	keys := make([][]string, n)
	for i := range keys {
		keys[i] = []string{"5f0b8f0e-2f0a-4a3c-9a35-" + strconv.Itoa(100_000_000_000+i)}
	}
	return keys
}

func BenchmarkBare(b *testing.B) {
	l, keys := newLoad(), manyKeys(1)
	b.ReportAllocs()
	for b.Loop() {
		l.send(bare, keys[0])
	}
}

func BenchmarkNoKey(b *testing.B) {
	l, handler := newLoad(), newGuard(b, newEngine(b)).Wrap(bare)
	b.ReportAllocs()
	for b.Loop() {
		l.send(handler, nil)
	}
}

func BenchmarkFirstCall(b *testing.B) {
	l, keys := newLoad(), manyKeys(1<<14)
	var handler http.Handler
	var store *memstore.Store
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(keys) == 0 { // all are used up
			b.StopTimer()
			if store != nil {
				_ = store.Close()
			}
			store = memstore.New()
			handler = newGuard(b, engineOn(b, store)).Wrap(bare)
			b.StartTimer()
		}
		l.send(handler, keys[i%len(keys)])
	}
}

func BenchmarkReplay(b *testing.B) {
	l, handler, keys := newLoad(), newGuard(b, newEngine(b)).Wrap(bare), manyKeys(1)
	b.ReportAllocs()
	for b.Loop() {
		l.send(handler, keys[0])
	}
}
