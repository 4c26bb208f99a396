package rpc

import (
	"cmp"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/refusal"
	"github.com/oncewire/idempotency/internal/retry"
)

// Failure is what a client knows about a try that failed.
type Failure struct {
	Status *spb.Status
	// Replayed is true if the status is the recorded answer to an earlier call.
	Replayed bool
	// Broken is true if the connection or stream broke: no server sent the status.
	Broken bool
	// Pushback has the values of grpc-retry-pushback-ms.
	Pushback []string
	// RetryAfter is the pause that the transport asks for, if AsksForPause is set.
	RetryAfter   time.Duration
	AsksForPause bool
}

// Advice says whether the call may be sent again.
func (f *Failure) Advice() retry.Advice {
	pause := f.pause()
	advice := retry.Advice{After: pause.after}
	refused, _ := refusal.Decode(f.Status)
	switch {
	case f.Replayed || pause.never:
	case refused != nil:
		advice.Retry = refused.Next() == idempotency.NextRetrySameKey && cmp.Or(refused.Advised, refused.Next()) == refused.Next()
		advice.Running = refused.Reason == idempotency.ReasonInProgress
	default:
		advice.Retry = f.Broken || retryable(code.Code(f.Status.GetCode()), pause.told)
	}
	if !advice.Retry {
		return retry.Advice{}
	}
	return advice
}

// retryable reports whether a status other than a refusal may change when the call
// is sent again. Told is set if the server said when to send it again.
func retryable(status code.Code, told bool) bool {
	switch status {
	case code.Code_UNAVAILABLE:
		return true
	case code.Code_RESOURCE_EXHAUSTED, code.Code_ABORTED:
		return told
	default:
		return false
	}
}

// pause is what a server says about the time of a retry.
type pause struct {
	after time.Duration
	told  bool
	never bool // there must be no retry
}

// pause returns the longest pause that the server asks for.
func (f *Failure) pause() pause {
	asked := pause{after: f.RetryAfter, told: f.AsksForPause}
	if delay, told := retryDelay(f.Status); told {
		asked.after, asked.told = max(asked.after, delay), true
	}
	if len(f.Pushback) > 0 {
		delay, again := pushback(f.Pushback)
		asked.after, asked.told, asked.never = max(asked.after, delay), true, !again
	}
	return asked
}

// retryDelay returns the delay of the RetryInfo in a status (AIP-193).
func retryDelay(status *spb.Status) (delay time.Duration, told bool) {
	info := new(errdetails.RetryInfo)
	for _, detail := range status.GetDetails() {
		if detail.MessageIs(info) && detail.UnmarshalTo(info) == nil {
			return max(info.GetRetryDelay().AsDuration(), 0), true
		}
	}
	return 0, false
}
