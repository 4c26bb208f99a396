package pgstore

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// reconnectFirst and reconnectMost are the times between two attempts to
	// connect, which double.
	reconnectFirst = 100 * time.Millisecond
	reconnectMost  = 10 * time.Second
	// pingEvery is how often a connection on which nothing arrives is tested, as
	// a broken one can look like an idle one.
	pingEvery = 30 * time.Second
)

// listen receives notifications until the store is closed. It connects again when
// the connection breaks.
func (ss *subscriptions) listen(ctx context.Context) {
	pause := reconnectFirst
	for ctx.Err() == nil {
		listened, err := ss.receive(ctx)
		ss.setListening(false)
		if ctx.Err() != nil {
			return
		}
		if listened {
			pause = reconnectFirst
		}
		ss.store.logger.WarnContext(ctx, "pgstore: not listening, waiters poll", "error", err, "retry_in", pause)
		select {
		case <-ctx.Done():
		case <-time.After(jitter(pause)):
		}
		pause = min(2*pause, reconnectMost)
	}
}

// receive connects and receives until that fails. It reports whether it came as
// far as listening.
func (ss *subscriptions) receive(ctx context.Context) (listened bool, err error) {
	conn, err := ss.subscribe(ctx)
	if err != nil {
		return false, err
	}
	defer ss.disconnect(conn)
	ss.setListening(true)
	for {
		if err := ss.receiveOne(ctx, conn); err != nil {
			return true, err
		}
	}
}

func (ss *subscriptions) subscribe(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, ss.store.backgroundTimeout())
	defer cancel()
	conn, err := ss.store.connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{ss.store.channel()}.Sanitize()); err != nil {
		ss.disconnect(conn)
		return nil, err
	}
	return conn, nil
}

// receiveOne waits for a notification, or tests the connection after some time.
func (ss *subscriptions) receiveOne(ctx context.Context, conn *pgx.Conn) error {
	idle, cancel := context.WithTimeout(ctx, pingEvery)
	defer cancel()
	notification, err := conn.WaitForNotification(idle)
	switch {
	case err == nil:
		if claim, ok := parsePayload(notification.Payload); ok {
			ss.end(claim, nil)
		}
		return nil
	case idle.Err() == nil || ctx.Err() != nil || conn.IsClosed():
		return err
	}
	ping, cancel := context.WithTimeout(ctx, ss.store.backgroundTimeout())
	defer cancel()
	return conn.Ping(ping)
}

func (ss *subscriptions) disconnect(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), ss.store.backgroundTimeout())
	defer cancel()
	_ = conn.Close(ctx)
}

// parsePayload reads the key and the token of a claim that has ended.
func parsePayload(payload string) (claim claimID, ok bool) {
	var bytes [len(claim.key) + len(claim.token)]byte
	if len(payload) != hex.EncodedLen(len(bytes)) {
		return claimID{}, false
	}
	if _, err := hex.Decode(bytes[:], []byte(payload)); err != nil {
		return claimID{}, false
	}
	copy(claim.key[:], bytes[:])
	copy(claim.token[:], bytes[len(claim.key):])
	return claim, true
}
