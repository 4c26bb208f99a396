package otelidem_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain proves that an observer leaves nothing running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
