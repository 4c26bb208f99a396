//go:build !race

package httpmw

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
)

var errHungUp = errors.New("the client hung up")

// TestAnnouncedLengthTakesNoMemory: the buffer for a body is bounded by what arrived.
func TestAnnouncedLengthTakesNoMemory(t *testing.T) {
	const slack = 64 << 10
	for _, arrived := range []int{0, 1, firstRead, 1 << 20} {
		request := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(
			strings.NewReader(strings.Repeat("x", arrived)), failing{}))
		request.ContentLength = 1 << 40
		var buffer growing
		took := allocated(func() {
			if err := readBody(&buffer, request, 1<<50); !errors.Is(err, errHungUp) {
				t.Error(err)
			}
		})
		// A buffer is up to twice as large as it must be, and all that came before it
		// are half as large together.
		if most := uint64(3*maxGrowth*arrived + slack); took > most {
			t.Errorf("%d bytes arrived: took %d, want no more than %d", arrived, took, most)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errHungUp }

// TestLargeBodiesReuseMemory: those of first calls whose handler has read them, and
// those of replays.
func TestLargeBodiesReuseMemory(t *testing.T) {
	engine, err := idempotency.New(memstore.New())
	if err != nil {
		t.Fatal(err)
	}
	guard, err := New(engine)
	if err != nil {
		t.Fatal(err)
	}
	handler := guard.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	content := bytes.Repeat([]byte("x"), 1<<20)
	for name, next := range map[string]func() string{
		"first call": idempotency.NewKey,
		"replay":     func() string { return "k" },
	} {
		const runs = 20
		took := allocated(func() {
			for range runs {
				request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(content))
				request.Header.Set("Idempotency-Key", next())
				handler.ServeHTTP(httptest.NewRecorder(), request)
			}
		})
		// The garbage collector may empty the pool.
		if most := uint64(runs * len(content) / 2); took > most {
			t.Errorf("%s: %d bodies took %d bytes, want no more than %d", name, runs, took, most)
		}
	}
}
