package idempotency

import (
	"cmp"
	"strings"

	"github.com/oncewire/idempotency/internal/fieldnames"
	"github.com/oncewire/idempotency/internal/keytext"
)

// KeyRules say where a key is sent and what it has to satisfy. A zero field
// stands for its default.
type KeyRules struct {
	// Field names the header or metadata field that carries the key. Case does
	// not matter. The default is Idempotency-Key.
	Field string
	// MaxLength bounds the characters of a key, quotes not counted. The default
	// is 255.
	MaxLength int
	// UUID refuses every key that is not a textual UUID (RFC 9562, any version):
	// with hyphens or without, in braces, as urn:uuid:, in any case, all of which
	// are the same key. The default is to take any visible ASCII.
	UUID bool
	// RequestID also takes the key of an RPC from its request message: from the
	// string field request_id (AIP-155), or else from the only string field that has
	// google.api.field_info.format = UUID4 (AIP-4235) and is not REQUIRED. Clients
	// that are made by Google's generators fill these fields and send no header. It
	// changes nothing for a message that has a field with the option
	// (idempotency.v1.field).key, which is the key with or without this rule. If
	// several fields have the format, none is the key, and [Engine.Check] reports
	// the message. The default is off, since an API may use such a field for
	// something else.
	RequestID bool
	// Validate refuses every key for which it returns an error, with
	// [ErrKeyInvalid]. The error is wrapped, and is never sent to a client. The
	// function gets the key as the client wrote it, without quotes: after the
	// checks of length and characters and before that of UUID. It must be safe
	// for concurrent use. The default is none.
	Validate func(key string) error
}

// over returns the rules with their zero fields taken from others.
func (r *KeyRules) over(base *KeyRules) KeyRules {
	merged := KeyRules{
		Field:     cmp.Or(r.Field, base.Field),
		MaxLength: cmp.Or(r.MaxLength, base.MaxLength),
		UUID:      r.UUID || base.UUID,
		RequestID: r.RequestID || base.RequestID,
		Validate:  r.Validate,
	}
	if merged.Validate == nil {
		merged.Validate = base.Validate
	}
	return merged
}

func (r *KeyRules) validate(check check) {
	check(fieldnames.Valid(r.Field), "key field %q is not a header name", r.Field)
	check(r.MaxLength > 0, "maximum key length %d is not positive", r.MaxLength)
	check(!r.UUID || r.MaxLength >= 36, "a maximum key length of %d leaves no room for a UUID", r.MaxLength)
}

// parse returns "" for no key at all.
func (r *KeyRules) parse(values []string) (string, *Error) {
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return r.canonical(strings.Trim(values[0], " \t"))
	default:
		return "", ErrKeyInvalid.withRule(ruleSingle)
	}
}

// parseBoth returns the key from the values of the key field and from a field of
// the request message, which is "" for none.
func (r *KeyRules) parseBoth(values []string, inMessage string) (string, *Error) {
	key, refusal := r.parse(values)
	if refusal != nil || inMessage == "" {
		return key, refusal
	}
	other, refusal := r.parse([]string{inMessage})
	if refusal == nil && key != "" && key != other {
		return "", ErrKeyInvalid.withRule(ruleMismatch)
	}
	return other, refusal
}

func (r *KeyRules) canonical(text string) (string, *Error) {
	key, rule := r.unwrap(text)
	if rule != "" {
		return "", ErrKeyInvalid.withRule(rule)
	}
	if r.Validate != nil {
		if err := r.Validate(key); err != nil {
			return "", ErrKeyInvalid.withRule(ruleValidator).withCause(err)
		}
	}
	if !r.UUID {
		return key, nil
	}
	uuid, ok := keytext.CanonicalUUID(key)
	if !ok {
		return "", ErrKeyInvalid.withRule(ruleUUID)
	}
	return uuid, nil
}

// unwrap returns the key without quotes, or the rule that it breaks.
func (r *KeyRules) unwrap(text string) (key, rule string) {
	if text == "" {
		return "", ruleBlank
	}
	if text[0] == '"' {
		unquoted, ok := keytext.Unquote(text)
		if !ok {
			return "", ruleQuotes
		}
		text = unquoted
	}
	if text == "" || len(text) > r.MaxLength {
		return "", ruleLength
	}
	if !visibleASCII(text) {
		return "", ruleCharacters
	}
	return text, ""
}

func visibleASCII(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
