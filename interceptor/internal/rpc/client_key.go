package rpc

import (
	"context"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/clientkey"
	"github.com/oncewire/idempotency/internal/keytext"
)

// CallKey is the key of one call, which all of its tries have.
type CallKey struct {
	// Text is the key. It is empty if the server refuses the call, which is then
	// sent once.
	Text string
	// New is true if the metadata has no key and gets this one.
	New bool

	field protoreflect.FieldDescriptor // of the request message, for the key; nil for none
}

// Key returns the key of a call whose key field in the metadata has the values: the
// first value, or what the request message has in its key field, or that of
// [idempotency.WithKey], or else a new one.
func (m *ClientMethod) Key(ctx context.Context, values []string, request any) CallKey {
	field, inMessage, isSet := m.inMessage(request)
	if isSet || len(values) > 1 { // the server refuses a call with several keys
		field = nil
	}
	switch {
	case len(values) > 0:
		return CallKey{Text: values[0], field: field}
	case inMessage == "":
		return CallKey{Text: newKey(ctx), New: true, field: field}
	case !isFieldValue(inMessage): // the server refuses it
		return CallKey{}
	default:
		return CallKey{Text: inMessage, New: true}
	}
}

// inMessage returns the key field of a request message, or nil, with its text and
// whether the caller has set it. With explicit presence, that may be to "".
func (m *ClientMethod) inMessage(request any) (field protoreflect.FieldDescriptor, text string, isSet bool) {
	message, ok := request.(proto.Message)
	if !ok {
		return nil, "", false
	}
	field, text = m.keyField.of(message)
	return field, text, field != nil && message.ProtoReflect().Has(field)
}

// Fill returns the request with the key in its key field, as AIP-4235 has it: only
// if the field is not set. The request itself is not changed, since the caller may
// send it again, also concurrently: a copy is.
func (k *CallKey) Fill(request any) any {
	message, ok := request.(proto.Message)
	if !ok || k.field == nil || k.Text == "" {
		return request
	}
	filled := message.ProtoReflect().New() // also for a message that is nil
	proto.Merge(filled.Interface(), message)
	filled.Set(k.field, protoreflect.ValueOfString(bare(k.Text)))
	return filled.Interface()
}

// newKey returns the key of a call that has none: that of [idempotency.WithKey], or
// else a new one.
func newKey(ctx context.Context) string {
	if key, ok := clientkey.From(ctx); ok {
		return key
	}
	return idempotency.NewKey()
}

// bare returns a key without the quotes that it may have in a header (RFC 9651).
func bare(key string) string {
	key = strings.Trim(key, " \t")
	if unquoted, ok := keytext.Unquote(key); ok {
		return unquoted
	}
	return key
}

// isFieldValue reports whether a text can be sent in metadata.
func isFieldValue(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return strings.Trim(text, " ") != ""
}
