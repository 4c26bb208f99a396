package idempotency

import (
	"bytes"

	"github.com/oncewire/idempotency/backend"
)

// joined is what a handler did to its claim by its own transaction. Whether that
// transaction was committed is not known. A joined never changes.
type joined struct {
	tx        backend.HandlerTransaction // the last one
	marked    bool                       // by any of them
	completed bool                       // by the last one
	outcome   backend.Outcome            // with which it was completed
}

// completes reports whether the last transaction stores what the finish would.
func (j *joined) completes(f *finish) bool {
	return j.completed && f.verdict == Record &&
		j.outcome.NotKept == f.outcome.NotKept && bytes.Equal(j.outcome.Bytes, f.outcome.Bytes)
}
