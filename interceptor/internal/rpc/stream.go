package rpc

import (
	"context"
	"fmt"
	"sync"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/outcome"
)

// NewStreamCall is [Guard.NewCall] for a server stream. No handler can join such a call
// to its own transaction: one response does not stand for a stream.
func (g *Guard) NewStreamCall(ctx context.Context, method *Method, keys []string, request proto.Message) (idempotency.Call, error) {
	call, err := g.NewCall(ctx, method, keys, request)
	call.Encoder = nil
	return call, err
}

// Stream records what the handler of a guarded server stream sends. It is safe for
// concurrent use.
type Stream struct {
	guard  *Guard
	method *Method

	mu          sync.Mutex
	messages    [][]byte
	bytes       int64
	notKept     bool // the stream is too long, or not of protobuf messages
	interrupted bool // a message did not reach the client's connection
}

// NewStream returns the record of a stream that begins.
func (g *Guard) NewStream(method *Method) *Stream { return &Stream{guard: g, method: method} }

// Send sends a message and records it. A message is serialized before it is sent, since
// the handler may reuse it afterwards.
func (s *Stream) Send(message any, send func(any) error) error {
	s.add(message)
	err := send(message)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.interrupted = true
	}
	return err
}

func (s *Stream) add(message any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.notKept {
		return
	}
	sent, ok := asMessage(message)
	policy := s.method.Operation.Policy()
	if !ok || len(s.messages) >= policy.MaxMessages || s.bytes+int64(proto.Size(sent)) > s.guard.maxResponse(s.method) {
		s.drop()
		return
	}
	raw, err := proto.MarshalOptions{AllowPartial: true}.Marshal(sent)
	if err != nil {
		s.drop()
		return
	}
	s.messages = append(s.messages, raw)
	s.bytes += int64(len(raw))
}

func (s *Stream) drop() { s.notKept, s.messages = true, nil }

// Success returns the answer of a handler that ended without an error. A stream that
// was interrupted is abandoned: it may not be complete.
func (s *Stream) Success(headers, trailers Fields) idempotency.Answer {
	return s.finish(s.guard.successVerdict(s.method), headers, trailers)
}

// Failure returns the answer of a handler that returned an error; see
// [Guard.FailureSentAs].
func (s *Stream) Failure(key string, returned, sent *spb.Status, headers, trailers Fields) idempotency.Answer {
	answer := s.guard.failureVerdict(s.method, key, returned)
	answer.Outcome = marshalStatus(sent)
	return s.finish(answer, headers, trailers)
}

// finish completes an answer, whose outcome is the status so far.
func (s *Stream) finish(answer idempotency.Answer, headers, trailers Fields) idempotency.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := answer.Outcome
	answer.Outcome = nil
	switch {
	case s.interrupted:
		answer.Verdict, answer.NoEffect = idempotency.Abandon, false
	case answer.Verdict != idempotency.Record:
	case s.notKept:
		answer.NotKept = true
	default:
		made := s.guard.record(s.method, outcome.RPC{
			Status: status, Stream: true, Messages: s.messages,
			Headers: s.guard.recorded(headers), Trailers: s.guard.recorded(trailers),
		})
		answer.Outcome, answer.NotKept = made.Outcome, made.NotKept
	}
	s.drop() // what a goroutine of the handler sends later is not recorded
	return answer
}

// StreamReplay is a recorded stream: its messages, and a status if it failed.
type StreamReplay struct {
	Replay

	Messages []proto.Message
}

// ReplayStream decodes a recorded stream. The error is
// [idempotency.ErrOutcomeUnreadable].
func (g *Guard) ReplayStream(ctx context.Context, method *Method, key string, raw []byte) (StreamReplay, error) {
	replay, err := g.decodeStream(method, raw)
	if err != nil {
		return StreamReplay{}, method.Operation.Refuse(ctx, key, idempotency.ErrOutcomeUnreadable, err)
	}
	return replay, nil
}

func (g *Guard) decodeStream(method *Method, raw []byte) (StreamReplay, error) {
	stored, err := outcome.ReadRPC(raw)
	if err == nil && !stored.Stream {
		err = fmt.Errorf("%w: not a stream", outcome.ErrFormat)
	}
	if err != nil {
		return StreamReplay{}, err
	}
	replay := StreamReplay{Replay: Replay{Headers: stored.Headers, Trailers: stored.Trailers}}
	replay.Messages = make([]proto.Message, len(stored.Messages))
	for i, each := range stored.Messages {
		if replay.Messages[i], err = g.decodeMessage(method, &outcome.StoredRPC{Message: each}); err != nil {
			return StreamReplay{}, err
		}
	}
	if len(stored.Status) > 0 {
		replay.Status, err = unmarshalStatus(stored.Status)
	}
	return replay, err
}
