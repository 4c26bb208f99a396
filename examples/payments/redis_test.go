package main

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oncewire/idempotency/internal/redistest"
)

// wantShared checks that two servers over one Redis share their keys.
func wantShared(t *testing.T, url string) {
	t.Helper()
	c := configure(t, func(c *config) { c.store, c.storeTimeout = url, testTimeout })
	a, b := serve(t, c, openStore(t, c)), serve(t, c, openStore(t, c))
	first := dialREST(t, a).create(t.Context(), charge("key-1"))
	first.wantFirst(t)
	dialGRPC(t, b).create(t.Context(), charge("key-1")).wantReplayOf(t, first)
	b.wantEntries(0)
}

func TestRedisWithPasswordAndDatabase(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--user", "payments", "on", ">p@ss/word", "~idem:*", "&idem:*", "+@all")
	wantShared(t, "redis://payments:p%40ss%2Fword@"+server.Addr()+"/3")
}

func TestRedisOverTLS(t *testing.T) {
	t.Parallel()
	wantShared(t, "rediss://"+startTLS(t, redistest.Start(t).Addr())+"?skip_verify=true")
}

func TestRedisSentinel(t *testing.T) {
	t.Parallel()
	addrs := redistest.StartSentinel(t).Addrs()
	wantShared(t, "redis+sentinel://"+addrs[0]+"/0?master_name="+redistest.MasterName+"&addr="+strings.Join(addrs[1:], "&addr="))
}

func TestRedisCluster(t *testing.T) {
	t.Parallel()
	addrs := redistest.StartCluster(t).Addrs()
	wantShared(t, "redis+cluster://"+addrs[0]+"?addr="+addrs[1])
}

// startTLS starts a TLS proxy in front of a server without TLS.
func startTLS(t *testing.T, target string) (address string) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	certificates := server.TLS.Certificates
	server.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certificates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go relay(conn, target)
		}
	}()
	return listener.Addr().String()
}

// relay copies in both directions until one side closes its connection.
func relay(conn net.Conn, target string) {
	defer conn.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		io.Copy(server, conn)
		server.Close()
	}()
	io.Copy(conn, server)
}

// The error for an unusable URL never contains the password.
func TestStoreRefused(t *testing.T) {
	t.Parallel()
	for _, store := range []string{
		"", "redis", "memory://", "localhost:6379", "redis:localhost:6379",
		"http://user:secret@host", "redis+ring://user:secret@host", "unix:///secret",
		"redis://user:secret@host:port", "redis://user:se cret@host", "redis://user:%secret@host",
		"redis://user:secret/secret@host", "redis://user:1?secret@host", "redis://user:1#secret@host",
		"redis://user:secret@host/first", "redis://user:secret@host?pool_size=many", "redis://user:secret@host?what=ever",
		"redis+sentinel://user:secret@host", "redis+sentinel://user:secret@host?master_name=main&what=ever",
		"redis+sentinel://user:secret@host?master_name=main&route_randomly=true",
		"redis+cluster://user:secret@host?what=ever",
	} {
		_, err := config{store: store}.openStore(t.Context())
		if err == nil {
			t.Errorf("%s: accepted", store)
		} else if !strings.HasPrefix(err.Error(), "-store: ") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", store, err)
		}
	}
}
