package rpc

import (
	"fmt"
	"testing"
)

// TestMethodsAreBounded : the clients of a proxy send any names.
func TestMethodsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("stores more methods than the bound, which takes seconds")
	}
	var methods methodCache[int]
	for n := range maxMethods + 100 {
		methods.store(fmt.Sprintf("/s.S/M%d", n), n)
	}
	if cached := len(*methods.methods.Load()); cached != maxMethods {
		t.Errorf("%d methods cached, want %d", cached, maxMethods)
	}
	if n, ok := methods.load("/s.S/M7"); n != 7 || !ok {
		t.Errorf("method 7 is cached as %d, %t", n, ok)
	}
}
