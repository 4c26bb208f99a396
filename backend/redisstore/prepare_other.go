//go:build !linux

package redisstore

import (
	"net"
	"time"
)

// setAckTimeout does nothing: the option exists only on Linux.
func setAckTimeout(*net.TCPConn, time.Duration) error { return nil }
