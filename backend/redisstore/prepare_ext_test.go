package redisstore_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oncewire/idempotency/backend/redisstore"
	"github.com/oncewire/idempotency/internal/redistest"
)

// pingsPrepared requires that the client respects deadlines, and that every connection
// that it opens is prepared.
func pingsPrepared(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ok(t, client.Ping(ctx).Err())
	past, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	want(t, client.Ping(past).Err(), context.DeadlineExceeded)
}

func TestPrepareOptions(t *testing.T) {
	addr := redistest.Start(t).Addr()
	t.Run("Options", func(t *testing.T) {
		o := redisstore.PrepareOptions(&redis.Options{Addr: addr})
		preparesDialer(t, o.ContextTimeoutEnabled, o.Dialer)
		pingsPrepared(t, redis.NewClient(o))
	})
	t.Run("UniversalOptions", func(t *testing.T) {
		o := redisstore.PrepareOptions(&redis.UniversalOptions{Addrs: []string{addr}})
		preparesDialer(t, o.ContextTimeoutEnabled, o.Dialer)
		pingsPrepared(t, redis.NewUniversalClient(o))
	})
	t.Run("FailoverOptions", func(t *testing.T) {
		sentinels := redistest.StartSentinel(t)
		o := redisstore.PrepareOptions(&redis.FailoverOptions{MasterName: redistest.MasterName, SentinelAddrs: sentinels.Addrs()})
		preparesDialer(t, o.ContextTimeoutEnabled, o.Dialer)
		pingsPrepared(t, redis.NewFailoverClient(o))
	})
	t.Run("ClusterOptions", func(t *testing.T) {
		cluster := redistest.StartCluster(t)
		o := redisstore.PrepareOptions(&redis.ClusterOptions{Addrs: cluster.Addrs()})
		preparesDialer(t, o.ContextTimeoutEnabled, o.Dialer)
		pingsPrepared(t, redis.NewClusterClient(o))
	})
}

// dial is the type of a Dialer.
type dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// preparesDialer requires that the client respects deadlines and that dial prepares
// connections.
func preparesDialer(t *testing.T, deadlines bool, dial dial) {
	t.Helper()
	if !deadlines {
		t.Error("the client ignores deadlines")
	}
	if !discards(t, dial) {
		t.Error("unsent data is sent after closing")
	}
}

// discards reports whether closing a connection discards data that its peer has not
// accepted yet.
func discards(t *testing.T, dial dial) bool {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer listener.Close()
	client, err := dial(t.Context(), "tcp", listener.Addr().String())
	ok(t, err)
	server, err := listener.Accept()
	ok(t, err)
	defer server.Close()

	sent, chunk := int64(0), make([]byte, 64<<10)
	for err == nil { // until the buffers are full
		ok(t, client.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
		var n int
		n, err = client.Write(chunk)
		sent += int64(n)
	}
	want(t, err, os.ErrDeadlineExceeded)
	ok(t, client.Close())
	ok(t, server.SetReadDeadline(time.Now().Add(20*time.Second)))
	arrived, err := io.Copy(io.Discard, server)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the connection was not closed")
	}
	return arrived < sent
}

// TestUnprepared is the control: by default, unsent data is sent after closing.
func TestUnprepared(t *testing.T) {
	if discards(t, redis.NewDialer(&redis.Options{DialTimeout: time.Second})) {
		t.Skip("this system discards unsent data by default")
	}
}

// TestOwnDialer: a Dialer that is set is used, and its TCP connection is found in
// wrappers.
func TestOwnDialer(t *testing.T) {
	used := 0
	o := redisstore.PrepareOptions(&redis.Options{Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
		used++
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return wrapped{conn}, err
	}})
	if preparesDialer(t, o.ContextTimeoutEnabled, o.Dialer); used != 1 {
		t.Errorf("the dialer was used %d times", used)
	}

	failure := errors.New("no route")
	o = redisstore.PrepareOptions(&redis.Options{Dialer: func(context.Context, string, string) (net.Conn, error) { return nil, failure }})
	_, err := o.Dialer(t.Context(), "tcp", "127.0.0.1:1")
	want(t, err, failure)

	here, there := net.Pipe()
	defer there.Close()
	o = redisstore.PrepareOptions(&redis.Options{Dialer: func(context.Context, string, string) (net.Conn, error) { return here, nil }})
	conn, err := o.Dialer(t.Context(), "pipe", "")
	ok(t, err)
	ok(t, conn.Close())
}

// wrapped wraps a connection as TLS libraries do.
type wrapped struct{ net.Conn }

func (w wrapped) NetConn() net.Conn { return w.Conn }

// TestPreparedTLS: the TLSConfig is used, which go-redis applies only in its default
// dialer.
func TestPreparedTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", web.TLS.Clone())
	ok(t, err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).Handshake()
			_ = conn.Close()
		}
	}()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	o := redisstore.PrepareOptions(&redis.Options{TLSConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"}})
	conn, err := o.Dialer(t.Context(), "tcp", listener.Addr().String())
	ok(t, err)
	defer conn.Close()
	if state := conn.(*tls.Conn).ConnectionState(); !state.HandshakeComplete {
		t.Error("the connection is not encrypted")
	}
}
