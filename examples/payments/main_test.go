// The words of this package's tests:
//
//   - start returns a testServer, which runs in this process over a memory store that
//     can be made to fail (server_test.go). startProcess returns a process, the built
//     program as users run it (process_test.go).
//   - A client makes calls over one protocol. eachProtocol, eachPairOfProtocols and
//     acrossProtocols repeat a test for every protocol or every two of them
//     (protocol_test.go, processes_test.go, replay_across_test.go).
//   - charge, held and the methods of call make a call (call_test.go).
//   - wantFirst, wantReplayOf, wantRefusal and wantError require an answer
//     (answer_test.go), wantEntries the number of charges (server_test.go).
//   - awaitEntries and eventually wait until something has happened. resumeHeld
//     lets held calls finish (manage_test.go).

package main

import (
	"flag"
	"log/slog"
	"os"
	"testing"

	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"
)

// skipInShort skips a slow test in short mode.
func skipInShort(t *testing.T, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip(why)
	}
}

func TestMain(m *testing.M) {
	// These tests cause panics, takeovers and outages, whose logs are of no use.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	logging.Disable()
	// These tests wait more than they compute, so many can run at a time on few
	// processors. The command line is parsed later and overrides this.
	flag.Set("test.parallel", "16")
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		removeBinary()
		os.Exit(code)
	}))
}
