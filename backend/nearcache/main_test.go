package nearcache

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain checks that closed stores leave no goroutine running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
