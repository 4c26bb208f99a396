package httpmw

import (
	"strconv"
	"time"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/mark"
)

// setRefusalFields sets the header fields that every refusal needs.
func setRefusalFields(fields *setter, refusal *idempotency.Error) {
	delete(fields.header, "Content-Encoding")
	delete(fields.header, "Content-Length")
	fields.set("Cache-Control", "no-store")
	fields.setOrDelete(mark.Field, refusal.Mark)
	fields.setOrDelete("Retry-After", retryAfter(refusal))
}

// retryAfter returns the whole seconds to wait before a retry, or "" if a retry does
// not help.
func retryAfter(refusal *idempotency.Error) string {
	if refusal.RetryAfter <= 0 {
		return ""
	}
	seconds := (refusal.RetryAfter + time.Second - 1) / time.Second
	return strconv.Itoa(int(seconds))
}
