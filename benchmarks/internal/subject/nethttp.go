package subject

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/backend/redisstore"
	"github.com/oncewire/idempotency/httpmw"
)

func openBare(_ testing.TB, effect *Effect, _ string) Server { return &netHTTP{handler: effect} }

func openOurs(tb testing.TB, effect *Effect, address string) Server {
	tb.Helper()
	store := OpenStore(tb, address)
	engine, err := idempotency.New(store)
	if err != nil {
		tb.Fatal(err)
	}
	guard, err := httpmw.New(engine, httpmw.WithMaxRequest(64<<20), httpmw.WithMaxResponse(64<<20))
	if err != nil {
		tb.Fatal(err)
	}
	return &netHTTP{handler: guard.Wrap(effect), free: store.Close}
}

// Store is a store that can be closed.
type Store interface {
	backend.Store
	Close() error
}

// OpenStore opens a store in memory or, at an address, in Redis.
func OpenStore(tb testing.TB, address string) Store {
	tb.Helper()
	if address == "" {
		return memstore.New()
	}
	return OpenRedis(tb, address)
}

// OpenRedis opens a store in Redis. Its client heeds deadlines, as its package
// documentation recommends.
func OpenRedis(tb testing.TB, address string, options ...redisstore.Option) Store {
	tb.Helper()
	client := redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true, PoolSize: 32})
	tb.Cleanup(func() { _ = client.Close() })
	store, err := redisstore.New(client, options...)
	if err != nil {
		tb.Fatal(err)
	}
	return store
}

var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// ServeHTTP reads the request and answers it.
func (e *Effect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	buffer := buffers.Get().(*[32 << 10]byte) //nolint:forcetypeassert // it holds nothing else
	for {
		if _, err := r.Body.Read(buffer[:]); err != nil {
			break
		}
	}
	buffers.Put(buffer)
	e.run()
	header := w.Header()
	header["Content-Type"], header["Location"] = contentType, location
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(e.Answer)
}

var (
	contentType = []string{"application/json"}
	location    = []string{"/v1/payments/17"}
)

type netHTTP struct {
	handler http.Handler
	free    func() error
	server  *http.Server
}

func (n *netHTTP) Serve(listener net.Listener) { n.server = serve(n.handler, listener) }

func (n *netHTTP) Close() {
	if n.server != nil {
		_ = n.server.Close()
	}
	if n.free != nil {
		_ = n.free()
	}
}

// sink is a ResponseWriter that costs nothing.
type sink struct {
	header http.Header
	status int
	answer []byte
}

func (s *sink) Header() http.Header    { return s.header }
func (s *sink) WriteHeader(status int) { s.status = status }
func (s *sink) Write(data []byte) (int, error) {
	s.answer = data
	return len(data), nil
}

// Dial returns a caller that sends one request again and again, with another body and
// key.
func (n *netHTTP) Dial() Caller {
	writer := &sink{header: http.Header{}}
	body := new(bytes.Reader)
	request, err := http.NewRequest(http.MethodPost, "/v1/payments", nil)
	if err != nil {
		panic(err)
	}
	request.Body = io.NopCloser(body)
	keys := make([]string, 1)
	return func(key string, content []byte) (int, []byte) {
		clear(writer.header)
		body.Reset(content)
		request.ContentLength = int64(len(content))
		if key == "" {
			delete(request.Header, KeyField)
		} else {
			keys[0] = key
			request.Header[KeyField] = keys
		}
		n.handler.ServeHTTP(writer, request)
		return writer.status, writer.answer
	}
}
