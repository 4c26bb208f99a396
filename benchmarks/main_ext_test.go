package benchmarks_test

import (
	"os"
	"testing"

	"github.com/oncewire/idempotency/internal/redistest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	redistest.EndShared()
	os.Exit(code)
}
