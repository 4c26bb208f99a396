package idempotency

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain proves that a closed engine leaves nothing running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
