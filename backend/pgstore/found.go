package pgstore

import (
	"encoding/binary"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/oncewire/idempotency/backend"
)

// found is what the table has under a key.
type found struct {
	record backend.Record
	exists bool // the key has a row
	ended  bool // and the row's retention has ended
}

func readFound(reply pgx.Row) (f found, err error) {
	var r row
	err = reply.Scan(append(r.columns(), &f.ended)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return found{}, nil
	}
	if f.exists = err == nil; f.exists && !f.ended {
		f.record, err = r.record()
	}
	return f, err
}

// free reports whether the claim can have the key.
func (f *found) free(claim *backend.Claim) bool {
	return !f.exists || f.ended ||
		f.record.State == backend.Running && f.record.Expired() && f.record.Token == claim.Replaces
}

// lockNumber is the number of the advisory lock of a key.
func lockNumber(key backend.Key) int64 {
	return int64(binary.BigEndian.Uint64(key[:])) // any 64 bits of a digest
}
