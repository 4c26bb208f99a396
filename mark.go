package idempotency

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
)

// RefusedField is the header field in which an HTTP answer carries the mark of
// a refusal; see [RefusalMark].
const RefusedField = "Idempotency-Refused"

// RefusalMark returns an opaque text that says: this answer is a refusal of the
// call with this operation and key, and its handler did not run. An adapter
// sends it with the refusal, in the header field [RefusedField] or as "mark" in
// the metadata of the google.rpc.ErrorInfo. A guard around the refused one
// releases its own claim when the mark is its call's; see [HasRefusalMark].
//
// The mark names the guards that already hold a claim in ctx with the same key
// too, since their operations may have other names: a REST route around an RPC.
// It is empty for an empty key.
func RefusalMark(ctx context.Context, operation, key string) string {
	if key == "" {
		return ""
	}
	marks := []string{refusalMark(operation, key)}
	enclosing(ctx, func(x *execution) {
		mark := refusalMark(x.call.Operation, key)
		if x.call.Key == key && !slices.Contains(marks, mark) {
			marks = append(marks, mark)
		}
	})
	return strings.Join(marks, " ")
}

// HasRefusalMark reports whether a mark that came with an answer is that of a
// refusal of this operation and key. A mark that another service made for
// another call is not.
func HasRefusalMark(mark, operation, key string) bool {
	if mark == "" || key == "" {
		return false
	}
	own := refusalMark(operation, key)
	for each := range strings.SplitSeq(mark, " ") {
		if each == own {
			return true
		}
	}
	return false
}

func refusalMark(operation, key string) string {
	digest := digestParts("refusal", operation, key)
	return base64.RawURLEncoding.EncodeToString(digest[:16])
}
