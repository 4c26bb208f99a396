package pgstore

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/oncewire/idempotency/internal/pgtest"
)

// TestMain proves that closed stores leave nothing running.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.EndShared()
		os.Exit(code)
	}))
}
