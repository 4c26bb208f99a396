package idemconnect2

import (
	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// Classifier returns the verdict on a call whose handler returned an error. It must
// be safe for concurrent use. Connect-go sends nothing of an error without a code,
// which the classifier gets without text, and nothing of another server's error, which
// it gets as it is. The engine applies its own rules to the verdict; see
// [idempotency.Answer].
type Classifier func(*connect.Error) idempotency.Verdict

// DefaultClassifier releases only what cannot follow an effect: Unauthenticated,
// Unimplemented, ResourceExhausted and Aborted. It abandons Canceled,
// DeadlineExceeded and Unavailable: a client of another service returns them if
// its connection broke after the effect. It records everything else, as the answer
// of this request.
func DefaultClassifier(err *connect.Error) idempotency.Verdict {
	return rpc.DefaultVerdict(code.Code(err.Code()))
}
