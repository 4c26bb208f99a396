package redisstore

import (
	"net"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestSocketOptions reads the options back from the kernel.
func TestSocketOptions(t *testing.T) {
	o := PrepareOptions(&redis.Options{})
	conn, err := o.Dialer(t.Context(), "tcp", ServerAddr(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var limit int
	if err := raw.Control(func(fd uintptr) {
		limit, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout)
	}); err != nil {
		t.Fatal(err)
	}
	if err != nil || limit != 5000 {
		t.Errorf("TCP_USER_TIMEOUT is %d ms, %v, want 5000", limit, err)
	}
}
