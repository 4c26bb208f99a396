package idemgrpc

import (
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// Classifier returns the verdict on a call whose handler returned an error. It must
// be safe for concurrent use. The engine applies its own rules to the verdict; see
// [idempotency.Answer].
type Classifier func(*status.Status) idempotency.Verdict

// DefaultClassifier releases only what cannot follow an effect: Unauthenticated,
// Unimplemented, ResourceExhausted and Aborted. It abandons Canceled,
// DeadlineExceeded and Unavailable: a client of another service returns them if
// its connection broke after the effect. It records everything else, as the answer
// of this request.
func DefaultClassifier(s *status.Status) idempotency.Verdict {
	return rpc.DefaultVerdict(code.Code(s.Code()))
}
