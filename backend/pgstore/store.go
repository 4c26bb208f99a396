package pgstore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/oncewire/idempotency/backend"
)

var _ backend.Store = (*Store)(nil)

// Pool is the part of a [pgxpool.Pool] that a store uses. It must be safe for
// concurrent use.
//
// [pgxpool.Pool]: https://pkg.go.dev/github.com/jackc/pgx/v5/pgxpool#Pool
type Pool interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, arguments ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, arguments ...any) pgx.Row
	// Acquire is used for transactions.
	Acquire(ctx context.Context) (*pgxpool.Conn, error)
}

// Store is a [backend.Store] in PostgreSQL. Create it with [New]. It is safe for
// concurrent use.
type Store struct {
	config

	pool          Pool
	sql           statements
	closed        atomic.Bool
	cleaning      sync.WaitGroup
	stopCleaning  context.CancelFunc
	subscriptions subscriptions
	lockWaits     lockWaits
	background    background
	recent        recentKeys
}

// New returns a store on the pool, which stays the caller's: close the store
// first and the pool afterwards. It sends nothing to PostgreSQL; see [Migrate]
// and [Store.Check]. It starts the clean-up, which runs until Close. It returns
// an error if an option is invalid.
func New(pool Pool, options ...Option) (*Store, error) {
	c, err := newConfig(options)
	if pool == nil {
		err = errors.Join(err, errors.New("pgstore: the pool is nil"))
	}
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{config: c, pool: pool, sql: newStatements(c.names, c.isolation), stopCleaning: stop}
	s.subscriptions.init(s)
	s.lockWaits.init(s)
	if c.cleanupEvery > 0 {
		s.cleaning.Go(func() { s.cleanUpRegularly(ctx) })
	}
	return s, nil
}

// Close ends every Wait, the clean-up and the connection that listens, and waits
// for their end. All calls that follow get [backend.ErrClosed], except Close
// itself, which may be called again. It leaves the pool open and returns no
// error.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.stopCleaning()
	s.subscriptions.close()
	s.lockWaits.close()
	s.background.close()
	s.cleaning.Wait()
	return nil
}

// step makes one step of the contract, within its time.
func (s *Store) step(ctx context.Context, what string, do func(context.Context) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	if s.timeout > 0 {
		bounded, cancel := context.WithTimeout(ctx, s.timeout)
		defer cancel()
		ctx = bounded
	}
	if err := retry(ctx, do); err != nil {
		return explain(ctx, what, err)
	}
	return nil
}

// enter refuses a step that is over before it has begun.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return contextEnded(err)
	}
	if s.closed.Load() {
		return backend.ErrClosed
	}
	return nil
}
