package backendtest

import (
	"context"
	"errors"
	"time"

	"github.com/oncewire/idempotency/backend"
)

var promise18 = group{"Promise18NotCommitted", []test{
	{"FailedStatement", failedStatement},
	{"FailedStatementDiscarded", failedStatementDiscarded},
	{"ContextCanceled", commitWithoutContext},
	{"ContextEndsMeanwhile", contextEndsDuringCommit},
	{"RollbackWithoutContext", rollBackWithoutContext},
}}

// failing opens a transaction in which a statement has failed: a text that is there.
func (f *fixture) failing(key backend.Key, c backend.Claim) *opened {
	f.Helper()
	first := f.writing(newKey(), newClaim())
	first.commit(outcome("the first"))
	o := f.writing(key, c)
	if o.Failed() {
		f.Fatal("a transaction has failed whose statements all succeeded")
	}
	if f.Write(o.ctx, f.store, first.text) == nil {
		f.Fatal("Write of a text that is there succeeded; see Harness")
	}
	return o
}

// failedStatement commits. A database in which other statements stand may do so.
func failedStatement(f *fixture) {
	o := f.failing(newKey(), newClaim())
	failed := o.Failed()
	err := o.Commit(f.Context(), outcome("an outcome"))
	if failed != errors.Is(err, backend.ErrNotCommitted) {
		f.Errorf("Commit: %v, and Failed was %t", err, failed)
	}
	o.consistent(outcome("an outcome"), err)
}

func failedStatementDiscarded(f *fixture) {
	key, c := newKey(), newClaim()
	o := f.failing(key, c)
	o.DiscardWrites()
	o.commit(outcome("declined"))
	o.wrote(false)
	f.holds(key, finished(c, outcome("declined")))
}

func commitWithoutContext(f *fixture) {
	o := f.writing(newKey(), newClaim())
	err := o.Commit(f.canceled(), outcome("an outcome"))
	o.consistent(outcome("an outcome"), err)
	f.wait(3)
	o.consistent(outcome("an outcome"), err)
}

// contextEndsDuringCommit ends it ever later. Whatever Commit returns is true, and
// stays true.
func contextEndsDuringCommit(f *fixture) {
	type end struct {
		*opened

		err error
	}
	var all []end
	for i := range 20 {
		o := f.writing(newKey(), newClaim())
		ctx, cancel := context.WithTimeout(f.Context(), f.Tick*time.Duration(i)/100)
		err := o.Commit(ctx, outcome("an outcome"))
		cancel()
		o.consistent(outcome("an outcome"), err)
		all = append(all, end{o, err})
	}
	f.wait(3)
	for _, o := range all {
		o.consistent(outcome("an outcome"), o.err)
	}
}

// rollBackWithoutContext: the transaction ends at last, with or without an error.
func rollBackWithoutContext(f *fixture) {
	o := f.writing(newKey(), newClaim())
	_ = o.Rollback(f.canceled())
	f.free(o.key)
	o.wrote(false)
}
