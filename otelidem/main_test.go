package otelidem_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain checks that an observer leaves no goroutine running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
