package rpc

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/httpretry"
)

var httpPushback = http.CanonicalHeaderKey(PushbackField)

// ReadHTTP notes what the header of a server's error, with its trailer, says about a
// retry.
func (f *Failure) ReadHTTP(header http.Header) {
	f.Replayed = IsReplay(header)
	f.Pushback = header[httpPushback]
	f.RetryAfter, f.AsksForPause = httpretry.After(header)
}

// IsReplay reports whether a header of HTTP marks a replay, in the field with the
// given name, or else in the one that servers use by default.
func IsReplay(header http.Header, field ...string) bool {
	name := idempotency.DefaultReplayedField
	if len(field) > 0 && field[0] != "" {
		name = field[0]
	}
	return header.Get(name) == "true"
}

// BrokenHTTP reports whether an error of connect-go that no server sent means that
// the connection or stream broke. Connect-go reports a reset as Canceled, and the
// errors of net/http for HTTP/2 have no type.
func BrokenHTTP(err error, status code.Code, message string) bool {
	return status == code.Code_CANCELLED || errors.Is(err, io.ErrUnexpectedEOF) || strings.HasPrefix(message, "stream error: ")
}
