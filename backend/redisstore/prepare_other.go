//go:build !linux

package redisstore

import (
	"net"
	"time"
)

// limitUnacknowledged has nothing to set here.
func limitUnacknowledged(*net.TCPConn, time.Duration) error { return nil }
