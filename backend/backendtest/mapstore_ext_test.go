package backendtest_test

import "testing"

// TestStoreOfTheExamplePassesTheSuite, so that authors of stores can start from it.
func TestStoreOfTheExamplePassesTheSuite(t *testing.T) { testMapStore(t) }
