package proxytest

import "time"

// Chunk is what one read returns.
type Chunk struct {
	Up     bool      // sent by the side that dialled
	Opened time.Time // when its connection was accepted
	Bytes  []byte
}

// Disturbance is what happens to a chunk. The zero Disturbance delivers it.
type Disturbance struct {
	// Lost breaks the connection instead of delivering the chunk.
	Lost bool
	// Delay is how long the chunk, and all that follows it, is held back before it
	// is delivered.
	Delay time.Duration
	// HangUp breaks the sender's connection at once, so that the sender gets no
	// answer to the chunk, which is delivered.
	HangUp bool
}
