// Package pgstore keeps idempotency records in PostgreSQL.
package pgstore
