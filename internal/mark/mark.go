package mark

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/oncewire/idempotency/internal/digest"
	"github.com/oncewire/idempotency/internal/keytext"
)

// Field is the header field that carries the mark. An RPC refusal carries it in
// the metadata of its google.rpc.ErrorInfo, under "mark".
const Field = "Idempotency-Refused"

// Of returns the mark of a refusal of the operation and key. It is empty for an
// empty key. The key may have any spelling: as it was sent, or canonical.
func Of(operation, key string) string {
	return In(context.Background(), operation, key)
}

// In returns the mark of a refusal of the operation and key, together with the
// marks of the guarded calls that ctx belongs to and that have the same key:
// their operations may have other names, such as a REST route around an RPC. It
// is empty for an empty key.
func In(ctx context.Context, operation, key string) string {
	if key == "" {
		return ""
	}
	key = plain(key)
	marks := []string{single(operation, key)}
	for outer, outerKey := range guardedCalls(ctx) {
		if plain(outerKey) != key {
			continue
		}
		if each := single(outer, key); !slices.Contains(marks, each) {
			marks = append(marks, each)
		}
	}
	return strings.Join(marks, " ")
}

// Matches reports whether a mark, which may be a list of marks separated by
// spaces, contains that of the operation and key.
func Matches(mark, operation, key string) bool {
	if mark == "" || key == "" {
		return false
	}
	own := single(operation, plain(key))
	for each := range strings.SplitSeq(mark, " ") {
		if each == own {
			return true
		}
	}
	return false
}

func single(operation, plainKey string) string {
	sum := digest.Parts("refusal", operation, plainKey)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// plain returns the same text for all spellings of a key. Two guards around each
// other may have different key rules, and a gateway knows only the key as it was
// sent.
func plain(key string) string {
	key = strings.Trim(key, " \t")
	if unquoted, ok := keytext.Unquote(key); ok {
		key = unquoted
	}
	if uuid, ok := keytext.CanonicalUUID(key); ok {
		return uuid
	}
	return key
}
