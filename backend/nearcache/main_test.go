package nearcache

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain proves that closed stores leave nothing running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
