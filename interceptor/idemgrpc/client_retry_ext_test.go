package idemgrpc_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
	"github.com/oncewire/idempotency/interceptor/idemgrpc"
)

// inBubble runs a case whose pauses take no time.
func inBubble(t *testing.T, name string, run func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, run) })
}

// TestWhatIsSentAgain, of a call that has a key. The second try is answered.
func TestWhatIsSentAgain(t *testing.T) {
	reset := func(context.Context, *paymentsv1.Payment, []grpc.CallOption) error {
		return status.Error(codes.Internal, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR")
	}
	for name, first := range map[string]step{
		"unavailable":            fails(codes.Unavailable),
		"a reset stream":         reset,
		"exhausted, told when":   asksFor(codes.ResourceExhausted, time.Second),
		"exhausted, pushed back": trailing(fails(codes.ResourceExhausted), "grpc-retry-pushback-ms", "10"),
		"aborted, told when":     asksFor(codes.Aborted, time.Second),
	} {
		inBubble(t, name, func(t *testing.T) {
			(&wire{steps: []step{first, done}}).gets(t, createMethod, codes.OK, 2)
		})
	}
}

// TestWhatSettles a call: it is sent once.
func TestWhatSettles(t *testing.T) {
	for name, test := range map[string]struct {
		only step
		code codes.Code
	}{
		"done":              {done, codes.OK},
		"deadline exceeded": {fails(codes.DeadlineExceeded), codes.DeadlineExceeded},
		"canceled":          {fails(codes.Canceled), codes.Canceled},
		"internal":          {asksFor(codes.Internal, time.Second), codes.Internal},
		"exhausted":         {fails(codes.ResourceExhausted), codes.ResourceExhausted},
		"aborted":           {fails(codes.Aborted), codes.Aborted},
		"a longer pause":    {asksFor(codes.Unavailable, time.Minute+1), codes.Unavailable},
		"told not to":       {trailing(fails(codes.Unavailable), "grpc-retry-pushback-ms", "-1"), codes.Unavailable},
		"a replay":          {trailing(fails(codes.Unavailable), marker, "true"), codes.Unavailable},
	} {
		inBubble(t, name, func(t *testing.T) {
			(&wire{steps: []step{test.only}}).gets(t, createMethod, test.code, 1)
		})
	}
}

// TestServerAsksForAPause in RetryInfo or by a pushback, whichever is longer.
func TestServerAsksForAPause(t *testing.T) {
	for name, test := range map[string]struct {
		first step
		want  time.Duration
	}{
		"RetryInfo": {asksFor(codes.Unavailable, 7*time.Second), 7 * time.Second},
		"pushback":  {trailing(asksFor(codes.Unavailable, time.Second), "grpc-retry-pushback-ms", "8000"), 8 * time.Second},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := &wire{steps: []step{test.first, done}}
			w.gets(t, createMethod, codes.OK, 2)
			if pause := w.times[1].Sub(w.times[0]); pause != test.want {
				t.Errorf("paused %v, want %v", pause, test.want)
			}
		})
	}
}

// TestNoRetryBeyondTheDeadline: the caller gets the error at once.
func TestNoRetryBeyondTheDeadline(t *testing.T) {
	inBubble(t, "deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start, w := time.Now(), &wire{steps: []step{asksFor(codes.Unavailable, time.Second)}}
		if _, err := w.call(ctx, newClient(t), createMethod); status.Code(err) != codes.Unavailable || time.Since(start) != 0 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		w.sent(t, 1)
	})
}

// TestDeadlineOfTheCaller ends the call.
func TestDeadlineOfTheCaller(t *testing.T) {
	inBubble(t, "deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w := &wire{steps: []step{takes(time.Minute, done)}}
		if _, err := w.call(ctx, newClient(t), createMethod); status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
		w.sent(t, 1)
	})
}

// TestBudgetStopsRetries of all calls of an interceptor.
func TestBudgetStopsRetries(t *testing.T) {
	inBubble(t, "outage", func(t *testing.T) {
		client := newClient(t, idemgrpc.WithMaxAttempts(2), idemgrpc.WithRetryBudget(10, 1))
		tries := 0
		for range 100 {
			w := &wire{steps: []step{fails(codes.Unavailable)}}
			if _, err := w.call(t.Context(), client, createMethod); err == nil {
				t.Fatal("no error")
			}
			tries += len(w.times)
		}
		if tries != 110 {
			t.Errorf("100 calls in an outage were sent %d times, with a budget of 10", tries)
		}
	})
}

// TestCallOptionsGetTheLastTry, which may have reached no server, and OnFinish is
// called once.
func TestCallOptionsGetTheLastTry(t *testing.T) {
	answered := func(_ context.Context, _ *paymentsv1.Payment, options []grpc.CallOption) error {
		for _, option := range options {
			switch option := option.(type) {
			case grpc.HeaderCallOption:
				*option.HeaderAddr = metadata.Pairs("try", "1")
			case grpc.TrailerCallOption:
				*option.TrailerAddr = metadata.Pairs("try", "1")
			case grpc.PeerCallOption:
				option.PeerAddr.LocalAddr = addr{}
			case grpc.OnFinishCallOption:
				t.Error("a try has the caller's OnFinish")
			}
		}
		return status.Error(codes.Unavailable, "down")
	}
	inBubble(t, "options", func(t *testing.T) {
		var header, trailer metadata.MD
		var from peer.Peer
		var finished []error
		w := &wire{steps: []step{answered, fails(codes.NotFound)}}
		_, err := w.call(t.Context(), newClient(t), createMethod, grpc.Header(&header), grpc.Trailer(&trailer),
			grpc.Peer(&from), grpc.OnFinish(func(err error) { finished = append(finished, err) }))
		if header != nil || trailer != nil || from.LocalAddr != nil {
			t.Errorf("got header %v, trailer %v, peer %v", header, trailer, from)
		}
		if len(finished) != 1 || !errors.Is(finished[0], err) || status.Code(err) != codes.NotFound {
			t.Errorf("finished with %v, error %v", finished, err)
		}
		w.sent(t, 2)
	})
}

type addr struct{}

func (addr) Network() string { return "test" }
func (addr) String() string  { return "test" }
