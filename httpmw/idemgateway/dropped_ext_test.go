package idemgateway_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

// dropping is a listener that can drop every connection it has accepted.
type dropping struct {
	net.Listener

	mu    sync.Mutex
	conns []net.Conn
}

func (d *dropping) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.conns = append(d.conns, conn)
	}
	return conn, err
}

func (d *dropping) drop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conn := range d.conns {
		conn.Close()
	}
	d.conns = nil
}

// TestChargeThenDrop: the service charges, and its answer is lost. The gateway
// answers 503, after which the outcome is unknown.
func TestChargeThenDrop(t *testing.T) {
	for name, test := range map[string]struct {
		policy    idempotency.AbandonPolicy
		inner     bool // the service is guarded too
		statuses  []int
		charges   int32
		recovered int32 // attempts of the edge that saw Recovered, at least
	}{
		"reject, edge": {idempotency.Reject, false, []int{503, 409, 409, 409}, 1, 0},
		"reject, both": {idempotency.Reject, true, []int{503, 409, 409, 409}, 1, 0},
		"retry, edge":  {idempotency.Retry, false, []int{503, 503, 503, 503}, 4, 3},
		"retry, both":  {idempotency.Retry, true, []int{503, 200, 200, 200}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			listener := &dropping{Listener: listen(t)}
			service := &payments{fail: func(ctx context.Context) error {
				listener.drop()
				<-ctx.Done() // the server has noticed
				return nil
			}}
			var inner *idempotency.Engine
			if test.inner {
				inner = newEngine(t)
			}
			address, _ := serveOn(t, listener, service, inner)
			var recovered atomic.Int32
			mux := newMux(t, address, append(idemgateway.ServeMuxOptions(),
				runtime.WithMetadata(func(ctx context.Context, _ *http.Request) metadata.MD {
					if execution, _ := idempotency.FromContext(ctx); execution.Recovered {
						recovered.Add(1)
					}
					return nil
				}))...)
			rest := newREST(t, edge(t, newEngine(t, all(idempotency.Policy{OnAbandoned: test.policy}))).Wrap(mux))
			for i, want := range test.statuses {
				got := settled(rest)
				if got.status != want {
					t.Errorf("call %d: got %d %s, want %d", i+1, got.status, got.body, want)
				}
				if want == http.StatusConflict {
					wantRefusal(t, got, want, idempotency.ReasonOutcomeUnknown, idempotency.NextAskOperator)
				}
			}
			wantRuns(t, service, test.charges)
			// A retry of settled while the service still runs is an attempt that recovers too.
			if got := recovered.Load(); got < test.recovered || !test.inner && got > test.recovered {
				t.Errorf("%d attempts saw Recovered, want %d", got, test.recovered)
			}
		})
	}
}

// settled posts until no other call is in progress: the service may not have recorded
// yet the outcome whose answer was lost.
func settled(r rest) (got answer) {
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		got = r.post("key-1")
		if got.header.Get("Retry-After") == "" || time.Now().After(deadline) {
			return got
		}
	}
}
