package proxytest_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/oncewire/idempotency/internal/proxytest"
)

// connect returns both ends of a connection through a proxy with the disturbance of
// what the client sends.
func connect(t *testing.T, d proxytest.Disturbance) (client, server net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	proxy := proxytest.Start(t, listener.Addr().String())
	proxy.Disturb(func(c proxytest.Chunk) proxytest.Disturbance {
		if c.Up && string(c.Bytes) == "request" {
			return d
		}
		return proxytest.Disturbance{}
	})
	if client, err = net.Dial("tcp", proxy.Addr()); err != nil {
		t.Fatal(err)
	}
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	for _, conn := range []net.Conn{client, server} {
		if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Write([]byte("request")); err != nil {
		t.Fatal(err)
	}
	return client, server
}

func read(conn net.Conn) string {
	buffer := make([]byte, 100)
	n, _ := conn.Read(buffer)
	return string(buffer[:n])
}

func TestDelivers(t *testing.T) {
	client, server := connect(t, proxytest.Disturbance{})
	if got := read(server); got != "request" {
		t.Errorf("got %q", got)
	}
	if _, err := server.Write([]byte("reply")); err != nil {
		t.Fatal(err)
	}
	if got := read(client); got != "reply" {
		t.Errorf("got %q", got)
	}
}

func TestLosesAndBreaks(t *testing.T) {
	client, server := connect(t, proxytest.Disturbance{Lost: true})
	if got := read(server); got != "" {
		t.Errorf("got %q", got)
	}
	if _, err := client.Read(make([]byte, 1)); err == nil {
		t.Error("the connection of the sender did not break")
	}
}

func TestDeliversAfterTheSenderIsCut(t *testing.T) {
	client, server := connect(t, proxytest.Disturbance{HangUp: true, Delay: 20 * time.Millisecond})
	if got := read(client); got != "" {
		t.Errorf("got %q", got)
	}
	if got := read(server); got != "request" {
		t.Errorf("got %q", got)
	}
	if _, err := io.ReadAll(server); err != nil {
		t.Error(err)
	}
}
