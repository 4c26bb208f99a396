// Package tally has the modes of a conformance run, and counts what became of
// the calls in it.
package tally

import "fmt"

// Mode says which keys the unary calls of a run have.
type Mode string

// The modes.
const (
	// Plain : none.
	Plain Mode = "plain"
	// Keyed : each has a fresh one, so that its answer is recorded.
	Keyed Mode = "keyed"
	// Replay : each is made twice with one key, and the second answer, which
	// comes from the record, is the one that counts.
	Replay Mode = "replay"
)

// Modes are all of them.
var Modes = []Mode{Plain, Keyed, Replay}

// Set implements flag.Value.
func (m *Mode) Set(name string) error {
	switch mode := Mode(name); mode {
	case Plain, Keyed, Replay:
		*m = mode
		return nil
	default:
		return fmt.Errorf("no mode is called %q", name)
	}
}

// String implements flag.Value.
func (m *Mode) String() string { return string(*m) }
