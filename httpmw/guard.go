package httpmw

import (
	"net/http"

	"github.com/oncewire/idempotency/internal/outcome"
)

// guard is the protection around one handler: what all calls to it share.
type guard struct {
	next          http.Handler
	fingerprinter fingerprinter
	maxRequest    int64 // bytes; a policy may have another limit
	maxResponse   int64 // likewise
	classify      Classifier
	filter        outcome.Filter // of the fields that are recorded
	replayedField string         // canonical
	refusals      RefusalWriter
}
