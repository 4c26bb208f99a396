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
// It is empty for an empty key. A key may be given as it was sent: engines with
// other rules for keys make the same mark of it.
func RefusalMark(ctx context.Context, operation, key string) string {
	if key == "" {
		return ""
	}
	key = markedKey(key)
	marks := []string{refusalMark(operation, key)}
	handlerOf(ctx).each(func(x *handlerContext) {
		mark := refusalMark(x.claim.operation, key)
		if markedKey(x.call.Key) == key && !slices.Contains(marks, mark) {
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
	own := refusalMark(operation, markedKey(key))
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

// markedKey returns the same text for all spellings of a key. One engine may
// take only UUIDs and another one, around it, any key; and a gateway knows the
// key only as it was sent.
func markedKey(key string) string {
	key = strings.Trim(key, " \t")
	if strings.HasPrefix(key, `"`) {
		if plain, ok := unquote(key); ok {
			key = plain
		}
	}
	if uuid, ok := canonicalUUID(key); ok {
		return uuid
	}
	return key
}

// RefusalMark returns the mark of a refusal of a call of this operation; see
// [Error.Mark].
func (o Operation) RefusalMark(ctx context.Context, key string) string {
	return RefusalMark(ctx, o.name, key)
}

// HasRefusalMark reports whether a mark that came with an answer is that of a
// refusal of this operation and key.
func (o Operation) HasRefusalMark(mark, key string) bool {
	return HasRefusalMark(mark, o.name, key)
}
