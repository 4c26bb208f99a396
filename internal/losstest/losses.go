package losstest

import "sync/atomic"

// Losses decides which replies are lost: three of ten. It is safe for concurrent use.
type Losses struct{ replies, lost atomic.Int64 }

// Next reports whether the next reply is lost. That depends on the order in which calls
// come, which is another one in each run.
func (l *Losses) Next() bool {
	if l.replies.Add(1)*7%10 >= 3 {
		return false
	}
	l.lost.Add(1)
	return true
}

// Lost returns how many replies were lost.
func (l *Losses) Lost() int64 { return l.lost.Load() }
