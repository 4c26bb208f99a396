package redisstore

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// ClientOptions are the options of the go-redis clients that a store can use.
type ClientOptions interface {
	redis.Options | redis.FailoverOptions | redis.ClusterOptions | redis.UniversalOptions
}

// PrepareOptions changes the options of a go-redis client so that what a step
// gave up waiting for does not arrive later, and returns them:
//
//	client := redis.NewClient(redisstore.PrepareOptions(&redis.Options{Addr: addr}))
//
// It sets ContextTimeoutEnabled, so that a connection whose step has run out of
// time is closed. And it has closing discard what the network has not taken yet
// (SO_LINGER of zero): by default the kernel goes on sending it for minutes, and
// after a partition a claim arrives that no call waits for any more. On Linux,
// data that the server has not acknowledged for 5 s also ends its connection
// (TCP_USER_TIMEOUT), even while the process is paused.
//
// What the network already holds can still arrive late; the engine then releases
// it. Call it last: it takes the DialTimeout, the TLSConfig and the Dialer from
// the options as they are. A Dialer of your own is kept and wrapped; of what it
// returns, a *net.TCPConn is prepared, and one that can be reached through the
// NetConn method of *tls.Conn.
func PrepareOptions[O ClientOptions](options *O) *O {
	switch o := any(options).(type) {
	case *redis.Options:
		o.ContextTimeoutEnabled = true
		o.Dialer = prepared(o.Dialer, o.DialTimeout, o.TLSConfig)
	case *redis.FailoverOptions:
		o.ContextTimeoutEnabled = true
		o.Dialer = prepared(o.Dialer, o.DialTimeout, o.TLSConfig)
	case *redis.ClusterOptions:
		o.ContextTimeoutEnabled = true
		o.Dialer = prepared(o.Dialer, o.DialTimeout, o.TLSConfig)
	case *redis.UniversalOptions:
		o.ContextTimeoutEnabled = true
		o.Dialer = prepared(o.Dialer, o.DialTimeout, o.TLSConfig)
	}
	return options
}

const (
	// dialTimeout is go-redis's default, which it applies after we have read
	// the options.
	dialTimeout = 5 * time.Second
	// unacknowledged is how long data may be on its way: as long as the engine
	// waits for a step by default.
	unacknowledged = 5 * time.Second
)

type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// prepared returns a dialer that prepares what dial connects; nil means
// go-redis's own dialer.
func prepared(dial dialer, timeout time.Duration, config *tls.Config) dialer {
	if dial == nil {
		dial = redis.NewDialer(&redis.Options{DialTimeout: cmp.Or(timeout, dialTimeout), TLSConfig: config})
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if err := prepare(conn); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return conn, nil
	}
}

// prepare sets the options of the TCP connection that conn stands on, if any.
func prepare(conn net.Conn) error {
	for {
		switch c := conn.(type) {
		case *net.TCPConn:
			if err := c.SetLinger(0); err != nil {
				return err
			}
			return limitUnacknowledged(c, unacknowledged)
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}
