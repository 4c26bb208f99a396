package idemgrpc

import (
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/refusal"
	"github.com/oncewire/idempotency/internal/retry"
)

// advise says whether the result of a try settles its call.
func advise(err error, trailer metadata.MD) retry.Advice {
	if err == nil {
		return retry.Advice{}
	}
	got := status.Convert(err)
	failure := rpc.Failure{
		Status:   got.Proto(),
		Replayed: Replayed(trailer),
		Broken:   strings.HasPrefix(got.Message(), "stream terminated by RST_STREAM"), // grpc-go has no type for it
		Pushback: trailer[rpc.PushbackField],
	}
	return failure.Advice()
}

// Refusal returns the refusal that an error of a call is, if it is one: with its
// reason, the rule that a key breaks, the mark and the time after which to retry.
// Compare it with [errors.Is], as in errors.Is(refusal, idempotency.ErrKeyReused).
// The reason may be one of a newer server; [idempotency.Error.Next] still says what
// to do. Any server can send such an error: it says what the server claims.
func Refusal(err error) (*idempotency.Error, bool) {
	got, ok := status.FromError(err)
	if !ok || err == nil {
		return nil, false
	}
	refused, _ := refusal.Decode(got.Proto())
	return refused, refused != nil
}

// Replayed reports whether metadata marks the recorded answer to an earlier call
// with the same key: the header of a message, the trailer of an error. Servers that
// have [idempotency.WithReplayedField] need its name here; the default is
// Idempotent-Replayed.
func Replayed(md metadata.MD, field ...string) bool {
	name := idempotency.DefaultReplayedField
	if len(field) > 0 && field[0] != "" {
		name = field[0]
	}
	values := md.Get(name)
	return len(values) > 0 && values[0] == "true"
}
