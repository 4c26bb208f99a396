package idempotencytest

import (
	"context"
	"fmt"
	"time"
)

// answer is what one call got, after all its attempts.
type answer[T any] struct {
	value      T
	err        error
	attempts   int
	unanswered bool // the last attempt was refused, and a retry came too late
}

// The pause between two attempts of a call doubles from the first to the longest.
const (
	firstPause   = 2 * time.Millisecond
	longestPause = 200 * time.Millisecond
)

// answer makes one call, and repeats it while a client would.
func (o *once[T]) answer(ctx context.Context) (a answer[T]) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		a.attempts++
		a.value, a.err = o.call(ctx)
		if !o.retry(a.value, a.err) {
			return a
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			a.unanswered = true
			return a
		}
	}
}

// String describes the answer in a failure.
func (a answer[T]) String() string {
	if a.err != nil {
		return fmt.Sprintf("the error %q", a.err)
	}
	return fmt.Sprintf("%+v", a.value)
}

// diff describes the difference between two answers. It is empty if they are equal.
func (a answer[T]) diff(b answer[T], values func(a, b T) string) string {
	switch {
	case a.err == nil && b.err == nil:
		return values(a.value, b.value)
	case a.err != nil && b.err != nil && a.err.Error() == b.err.Error():
		return ""
	default:
		return fmt.Sprintf("%v, want %v", b, a)
	}
}

func diffValues[T any](a, b T, equal func(a, b any) bool) string {
	if equal(a, b) {
		return ""
	}
	return fmt.Sprintf("%+v, want %+v", b, a)
}
