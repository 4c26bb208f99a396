package conformance_test

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/orca"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/backend/memstore"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
	"github.com/oncewire/idempotency/tools/conformance/tally"
)

// TestInterop runs every case of grpc-go's interop client in every mode. The
// replays go over the wire: it is the client who calls twice.
func TestInterop(t *testing.T) {
	listed, err := exec.Command(filepath.Join(bin, "interopclient")).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range tally.Modes {
		t.Run(string(mode), func(t *testing.T) { runCases(t, mode, strings.Fields(string(listed))) })
	}
}

func runCases(t *testing.T, mode tally.Mode, cases []string) {
	t.Helper()
	counted := new(tally.Tally)
	address, stop := serve(t, mode, counted)
	ran := result{suite: "grpc interop", mode: mode}
	for _, name := range cases {
		passed := t.Run(name, func(t *testing.T) {
			client := exec.CommandContext(t.Context(), filepath.Join(bin, "interopclient"), "-mode", string(mode), "-address", address, "-case", name)
			if output, err := client.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, output)
			}
		})
		if passed {
			ran.passed++
		} else {
			ran.failed++
		}
	}
	stop()
	ran.counts = counted.Counts()
	if mode == tally.Replay {
		ran.counts.Calls /= 2
	}
	results = append(results, ran)
	if err := ran.counts.Check(mode); err != nil {
		t.Error(err)
	}
}

// serve starts the interop server behind the guard. Load reports are made
// inside of it: they are what handlers say, in a trailer.
func serve(t *testing.T, mode tally.Mode, counted *tally.Tally) (address string, stop func()) {
	t.Helper()
	engine, err := idempotency.New(memstore.New(), idempotency.WithObserver(counted))
	if err != nil {
		t.Fatal(err)
	}
	guard, err := idemgrpc.NewInterceptor(engine, options(mode)...)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(
		grpc.ChainUnaryInterceptor(count(counted), guard.Unary),
		grpc.ChainStreamInterceptor(guard.Stream),
		orca.CallMetricsServerOption(nil))
	load := orca.NewServerMetricsRecorder()
	if err := orca.Register(server, orca.ServiceOptions{ServerMetricsProvider: load}); err != nil {
		t.Fatal(err)
	}
	testgrpc.RegisterTestServiceServer(server, interop.NewTestServer(interop.NewTestServerOptions{MetricsRecorder: load}))
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String(), server.GracefulStop
}

// options are those of the guard. For replays it records every answer, whatever
// its code, since one that is released or abandoned has its handler run again.
func options(mode tally.Mode) []idemgrpc.Option {
	if mode != tally.Replay {
		return nil
	}
	return []idemgrpc.Option{idemgrpc.WithClassifier(func(*status.Status) idempotency.Verdict { return idempotency.Record })}
}

func count(counted *tally.Tally) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		defer counted.Call()()
		return handler(ctx, request)
	}
}
