package subject

import "sync/atomic"

// Effect is the work of the handler.
type Effect struct {
	// Answer is the body of every answer.
	Answer []byte
	// Entered and Leave, if they are not nil, hold a handler until Leave is closed.
	Entered, Leave chan struct{}

	calls atomic.Int64
}

// Calls returns how often the handler ran.
func (e *Effect) Calls() int64 { return e.calls.Load() }

// Hold makes the next handlers report on Entered and wait for Leave.
func (e *Effect) Hold() { e.Entered, e.Leave = make(chan struct{}), make(chan struct{}) }

func (e *Effect) run() {
	e.calls.Add(1)
	if e.Leave != nil {
		e.Entered <- struct{}{}
		<-e.Leave
	}
}
