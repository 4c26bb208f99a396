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

// PrepareOptions changes the options of a go-redis client so that a command
// does not arrive after its step has timed out, and returns them:
//
//	client := redis.NewClient(redisstore.PrepareOptions(&redis.Options{Addr: addr}))
//
// It sets ContextTimeoutEnabled, so that the client closes the connection of a
// step that has timed out. It also makes closing discard data that is not sent
// yet (SO_LINGER of zero). By default the kernel keeps sending that data for
// minutes, and after a network partition a claim can arrive whose call has
// already returned. On Linux, a connection also ends when the server has not
// acknowledged data for 5 s (TCP_USER_TIMEOUT), even while the process is
// paused.
//
// Data that is already in the network can still arrive late; the engine then
// releases the claim. Call PrepareOptions after setting DialTimeout, TLSConfig
// and Dialer, since it reads them. A Dialer that is set is wrapped. It takes
// effect on connections of type *net.TCPConn, and on those that wrap one and
// return it by a method NetConn, as *tls.Conn does.
func PrepareOptions[O ClientOptions](options *O) *O {
	switch o := any(options).(type) {
	case *redis.Options:
		o.ContextTimeoutEnabled = true
		o.Dialer = preparing(o.Dialer, o.DialTimeout, o.TLSConfig)
	case *redis.FailoverOptions:
		o.ContextTimeoutEnabled = true
		o.Dialer = preparing(o.Dialer, o.DialTimeout, o.TLSConfig)
	case *redis.ClusterOptions:
		o.ContextTimeoutEnabled = true
		o.Dialer = preparing(o.Dialer, o.DialTimeout, o.TLSConfig)
	case *redis.UniversalOptions:
		o.ContextTimeoutEnabled = true
		o.Dialer = preparing(o.Dialer, o.DialTimeout, o.TLSConfig)
	}
	return options
}

const (
	// dialTimeout is the default of go-redis, which go-redis applies only after
	// PrepareOptions has read the options.
	dialTimeout = 5 * time.Second
	// ackTimeout limits how long the server may take to acknowledge data. It is
	// the default store timeout of the engine.
	ackTimeout = 5 * time.Second
)

type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// preparing returns a dialer that prepares the connections of dial. A nil dial
// is the default dialer of go-redis.
func preparing(dial dialer, timeout time.Duration, config *tls.Config) dialer {
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

// prepare sets the options of the TCP connection that conn is or wraps, if any.
func prepare(conn net.Conn) error {
	for {
		switch c := conn.(type) {
		case *net.TCPConn:
			if err := c.SetLinger(0); err != nil {
				return err
			}
			return setAckTimeout(c, ackTimeout)
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			return nil
		}
	}
}
