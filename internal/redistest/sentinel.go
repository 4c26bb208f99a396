package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// MasterName is the name of the master in the sentinels of [StartSentinel].
const MasterName = "main"

// Sentinel is a master and its replica, monitored by three sentinels. When the master
// is killed, the replica becomes the master.
type Sentinel struct {
	Master, Replica *Server
	Sentinels       []*Server
}

// StartSentinel starts servers and sentinels that end with the test. It returns when
// the replica is synchronized and the sentinels know each other. If the master is
// killed, the replica replaces it after about a second.
func StartSentinel(tb testing.TB, args ...string) *Sentinel {
	tb.Helper()
	s := &Sentinel{Master: Start(tb, args...)}
	host, port, _ := net.SplitHostPort(s.Master.Addr())
	s.Replica = Start(tb, append([]string{"--replicaof", host + " " + port}, args...)...)
	await(tb, "the replica", func() bool {
		info, _ := s.Replica.query(tb.Context(), "info", "replication")
		return strings.Contains(info, "master_link_status:up")
	})
	for range 3 {
		s.Sentinels = append(s.Sentinels, startSentinel(tb, host, port))
	}
	await(tb, "the sentinels", func() bool { return s.formed(tb) })
	return s
}

// startSentinel starts one sentinel. It needs a configuration file, which it rewrites.
func startSentinel(tb testing.TB, host, port string) *Server {
	tb.Helper()
	config := filepath.Join(tb.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor %[1]s %[2]s %[3]s 2\nsentinel down-after-milliseconds %[1]s 1000\n"+
		"sentinel failover-timeout %[1]s 5000\n", MasterName, host, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	s := &Server{port: freePort(), dir: filepath.Dir(config), file: config, args: []string{"--sentinel"}}
	if err := s.Restart(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Kill)
	return s
}

// Addrs returns the addresses of the sentinels.
func (s *Sentinel) Addrs() []string {
	var addrs []string
	for _, sentinel := range s.Sentinels {
		addrs = append(addrs, sentinel.Addr())
	}
	return addrs
}

func (s *Sentinel) formed(tb testing.TB) bool {
	tb.Helper()
	for _, sentinel := range s.Sentinels {
		info, _ := sentinel.query(tb.Context(), "info", "sentinel")
		if !strings.Contains(info, "slaves=1,sentinels=3") {
			return false
		}
	}
	return true
}
