// Package pgstore keeps idempotency records in PostgreSQL 14 or newer, through
// pgx v5, so that many processes share them.
//
// A record is one row under a digest, with no text of any client in it. A claim, a
// heartbeat, a completion, a release and a replay are one statement each, and
// exclusive by the unique index alone. Leases and retentions run by the clock of
// the server (clock_timestamp()); the clocks of its clients do not matter. A step
// of the server's clock moves all of them at once, and so does a failover to a
// server whose clock differs.
//
// # One commit
//
// With [idempotency.Policy.Transaction] set to [backend.OneCommit] the store opens a
// transaction for each call, locks the key in it and inserts the finished record at its
// end. The lock is an advisory one, so that a duplicate need not wait; exclusive are
// records by the unique index alone. The handler finds it by [Tx] and
// writes with it; its writes and its outcome are committed together, and the answer
// leaves after the commit. That is exactly once, inside this database. A process that
// dies, or a connection that breaks, rolls back: the key is free as soon as the server
// notices, and no lease runs.
//
//	func (s *server) CreatePayment(ctx context.Context, r *pb.CreatePaymentRequest) (*pb.Payment, error) {
//		tx, _ := pgstore.Tx(ctx)
//		_, err := tx.Exec(ctx, "INSERT INTO ledger …", r.Amount)
//		…
//
// A handler that answers an error which is not recorded is rolled back. So is what it
// wrote before an error that is recorded, while the error is committed (a savepoint);
// [backend.OneCommitKeepErrorWrites] commits both. A handler that answers success after
// a statement has failed, and a commit that fails, are rolled back too, and the client
// gets [idempotency.ErrRolledBack], which says to retry. A handler is never run again
// by the store itself, since it may have effects outside of the database. If the
// connection breaks during COMMIT, the store waits until the server has ended the
// transaction and reads the record.
//
// A duplicate of a call whose transaction is open is refused with
// [idempotency.ErrInProgress], or waits with [idempotency.Policy.Wait]. What request
// the open call is for cannot be known, so a reused key is found out only afterwards.
// Each running handler keeps one connection of the pool; a call that gets none within
// the timeout is refused with [idempotency.ErrStore]. The engine's fail-open option has
// no effect in this mode. While a service changes to this mode, a call of an old
// process and one in a transaction may run for one key at the same time; then the
// transaction is rolled back.
//
// In the other mode, the default, the effect of a handler is not part of the
// transaction that records its outcome, unless the handler joins them: a process that
// dies between them leaves a claim that is taken over.
//
// # Join
//
// A handler that begins and commits its own transaction, under a lease, can join
// its claim to it with one line before the commit: [Complete] stores the response as
// the outcome. Its writes and its outcome are then committed together.
//
//	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
//		if _, err := tx.Exec(ctx, "INSERT INTO ledger …", r.Amount); err != nil {
//			return err
//		}
//		return pgstore.Complete(ctx, tx, payment)
//	})
//
// The transaction is fenced by the token of the claim: if the lease was lost, and
// another call has taken the claim over, PostgreSQL refuses to commit it. So an effect
// is committed once, and with its outcome. From Complete on the transaction holds the
// record, so it can stay open for longer than the lease: no call takes the claim over,
// and heartbeats pass it by. Calls with the key find it in progress.
//
// What the transaction has committed decides. If the handler answers what it completed
// the claim with, the engine takes that as committed and sends nothing more: a handler
// must answer an error if its commit fails. If it answers anything else, the engine
// looks at the record, after the transaction has ended, and its caller gets the stored
// outcome if there is one: also if the connection was lost during COMMIT. If it was
// rolled back, the verdict on the answer decides as always. A process that dies before
// the commit leaves a claim that is taken over when its lease ends, without any effect.
//
// If the response is not known before the commit, [Mark] takes the place of Complete:
// the operation is never run again. The answer is recorded when the handler returns it,
// or is rebuilt from a reference, by [idempotency.Policy.Rebuild]; then the record has
// no content of an answer, which can be personal data.
//
// A transaction of database/sql joins by [SQLTx]. In REPEATABLE READ and SERIALIZABLE a
// transaction that began before the last heartbeat cannot write to the record and fails
// with a serialization failure (40001), so the lease must be longer than three times
// such a transaction.
//
// # Schema
//
// [Migrate] creates the table and the function that inserts a claim, and brings
// them to a newer version. To do it with goose, Atlas or by hand, use the SQL in
// [Files], under migrations/ in this package, or in [Migrations] for another
// schema or table. The comment of the table has the version. [Store.Check] says at
// the start of a service what is missing.
//
// # Privileges
//
// Migrate needs a role that may create tables and functions in the schema. A role
// with these privileges can do all that a store does, with the default names in a
// schema idem:
//
//	GRANT USAGE ON SCHEMA idem TO app;
//	GRANT SELECT, INSERT, UPDATE, DELETE ON idem.idempotency_records TO app;
//	GRANT EXECUTE ON FUNCTION idem.idempotency_records_claim TO app;
//	GRANT EXECUTE ON FUNCTION idem.idempotency_records_takeover TO app;
//	GRANT EXECUTE ON FUNCTION idem.idempotency_records_join TO app;
//
// By default every role may execute a new function. Any role that can connect to
// the database may LISTEN: it then learns the digests and the tokens of claims
// that callers wait for, and nothing else.
//
// # Connections
//
// A step takes one connection of the pool for one statement. It ends with its
// context, also while it waits for a connection; pgx then closes the connection
// and has the server cancel the statement, which may have been applied. The first
// step on a new connection takes more round trips: connecting, and preparing the
// statement. Failures that pass soon are retried within the step, ten times at
// most: serialization failures, deadlocks and terminated connections. Every other
// failure is returned as it is.
//
// Behind PgBouncer or another pooler in transaction mode, set the pool's
// DefaultQueryExecMode to pgx.QueryExecModeExec or QueryExecModeSimpleProtocol, or
// have the pooler keep prepared statements. A claim is a SELECT that calls a
// function, so a pooler must not send a SELECT to a standby: there a claim of an
// absent key fails.
//
// # Waiting
//
// With [WithListener] callers that wait for a claim learn of its end by NOTIFY, over
// one connection for each store, and by a poll if a notification is lost. Without
// it the store polls for all of them in one statement, 10 times a second. The end
// of a claim is notified only if a caller waits for it, as transactions that notify
// commit one after the other in PostgreSQL.
//
// # Clean-up
//
// Each store deletes records whose retention has ended, in batches, without waiting
// for rows that other transactions hold; see [WithCleanup]. Such a record is absent
// to every step, so nothing depends on when its row is deleted. A row can stay for an
// eighth of its retention longer: the clean-up finds rows by the column cleanup_at.
// Heartbeats and completions change that only if it is further away, so that they
// change no index (HOT updates).
//
// # What PostgreSQL can lose
//
// The promises of package backend hold as long as PostgreSQL keeps what it has
// acknowledged: with fsync on, synchronous_commit not off, and a logged table.
// Asynchronous replication can lose the last commits in a failover, and then
// operations can run twice; synchronous_commit with synchronous_standby_names
// prevents that.
//
// [idempotency.ErrInProgress]: https://pkg.go.dev/github.com/oncewire/idempotency#ErrInProgress
// [idempotency.ErrRolledBack]: https://pkg.go.dev/github.com/oncewire/idempotency#ErrRolledBack
// [idempotency.ErrStore]: https://pkg.go.dev/github.com/oncewire/idempotency#ErrStore
// [idempotency.Policy.Rebuild]: https://pkg.go.dev/github.com/oncewire/idempotency#Policy
// [idempotency.Policy.Transaction]: https://pkg.go.dev/github.com/oncewire/idempotency#Policy
// [idempotency.Policy.Wait]: https://pkg.go.dev/github.com/oncewire/idempotency#Policy
package pgstore
