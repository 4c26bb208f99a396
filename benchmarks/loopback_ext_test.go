package benchmarks_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/oncewire/idempotency/benchmarks/internal/subject"
)

// BenchmarkLoopback makes calls over HTTP/1.1 on the loopback interface, with a store
// in memory.
func BenchmarkLoopback(b *testing.B) {
	for _, callers := range callerCounts() {
		loopback(b, subject.Sizes()[0], callers)
	}
	for _, size := range subject.Sizes()[1:] {
		loopback(b, size, 16)
	}
}

func loopback(b *testing.B, size subject.Size, callers int) {
	b.Helper()
	for _, work := range []string{"none", "first", "replay"} {
		each(b, "protocol=HTTP/"+configOf(size, callers), work, func(b *testing.B, s subject.Subject) {
			effect := &subject.Effect{Answer: size.Answer()}
			server := s.Open(b, effect, "")
			defer server.Close()
			url := serve(b, server)
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
			defer client.CloseIdleConnections()
			post := poster(client, url, size)
			post(b, callKey("replay", 0))
			share(b, callers, true, func() func(int) {
				return func(n int) { post(b, callKey(work, n)) }
			})
		})
	}
}

// serve makes the server listen, and returns its address for a POST.
func serve(b *testing.B, server subject.Server) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server.Serve(listener)
	return fmt.Sprintf("http://%s/v1/payments", listener.Addr())
}

// callKey returns the key of the n-th call of a work: a new one for each first call, and
// otherwise the same one.
func callKey(work string, n int) string {
	switch work {
	case "none":
		return ""
	case "first":
		return subject.Key(n + 1)
	default:
		return subject.Key(0)
	}
}

func poster(client *http.Client, url string, size subject.Size) func(tb testing.TB, key string) {
	body := size.Request(0)
	return func(tb testing.TB, key string) {
		tb.Helper()
		request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			tb.Error(err)
			return
		}
		if key != "" {
			request.Header.Set(subject.KeyField, key)
		}
		response, err := client.Do(request)
		if err != nil {
			tb.Error(err)
			return
		}
		defer response.Body.Close()
		n, err := io.Copy(io.Discard, response.Body)
		if err != nil || response.StatusCode != http.StatusCreated || n != int64(size.Bytes) {
			tb.Errorf("status %d, %d bytes, %v", response.StatusCode, n, err)
		}
	}
}
