package idempotency

import (
	"cmp"
	"context"
	"strings"
)

// DefaultMaxKeyLength is the number of characters a key may have, unless
// WithMaxKeyLength says otherwise.
const DefaultMaxKeyLength = 255

// KeyUse says what an operation does with a key.
type KeyUse uint8

const (
	// KeyDefault inherits from the next level: see [Engine.KeyUse].
	KeyDefault KeyUse = iota
	// KeyOptional honours a key where one is sent.
	KeyOptional
	// KeyRequired refuses a call that has no key.
	KeyRequired
	// KeyOff ignores keys: the call always runs.
	KeyOff
)

// KeyRule names a rule that a malformed key breaks, for programs.
type KeyRule string

// The rules, in the order in which they are tried.
const (
	RuleSingle     KeyRule = "single"     // there is more than one key
	RuleBlank      KeyRule = "blank"      // the field is present and blank
	RuleLength     KeyRule = "length"     // see [WithMaxKeyLength]
	RuleQuotes     KeyRule = "quotes"     // not a string of RFC 9651
	RuleCharacters KeyRule = "characters" // a character that is not visible ASCII
	RuleValidator  KeyRule = "validator"  // see [WithKeyValidator]
	RuleUUID       KeyRule = "uuid"       // see [WithUUIDKeys]
)

var ruleDetails = map[KeyRule]string{
	RuleSingle:     "More than one idempotency key was sent.",
	RuleBlank:      "The idempotency key is blank. Send a key, or leave the field out.",
	RuleLength:     "The idempotency key is too long or empty.",
	RuleQuotes:     "The idempotency key starts with a quote and is not a quoted string (RFC 9651).",
	RuleCharacters: "The idempotency key has a character that is not visible ASCII.",
	RuleValidator:  "The idempotency key does not have the form that this server requires.",
	RuleUUID:       "The idempotency key is not a UUID.",
}

// ParseKey returns the canonical key from the values of a key field, for an
// adapter to put into a [Call]. A bare key and a structured-field string
// (RFC 9651) are the same key: abc and "abc"; parameters behind the string are
// ignored. It returns "" when the call carries no key and needs none, and then
// the call is not guarded. The schema's rule is KeyDefault where there is none.
//
// The error is [ErrKeyInvalid] or [ErrKeyMissing].
func (e *Engine) ParseKey(ctx context.Context, operation string, schema KeyUse, values []string) (string, error) {
	use := e.KeyUse(operation, schema)
	if use == KeyOff {
		return "", nil
	}
	key, refusal := e.keys.parse(values)
	if refusal == nil && key == "" && use == KeyRequired {
		refusal = ErrKeyMissing
	}
	if refusal != nil {
		return "", e.refuse(ctx, Event{Operation: operation}, refusal)
	}
	return key, nil
}

// KeyUse returns what an operation does with a key, and never KeyDefault. The
// levels are, the most specific first: a policy for this very operation, its
// schema, a policy for several operations, the engine's options. So a policy
// for a whole service does not require keys of methods without side effects.
func (e *Engine) KeyUse(operation string, schema KeyUse) KeyUse {
	policy := e.PolicyFor(operation)
	if _, exact := e.policies.exact[operation]; exact {
		return cmp.Or(policy.Key, schema, e.policies.standard.Key)
	}
	return cmp.Or(schema, policy.Key, e.policies.standard.Key)
}

// RequiresKeys reports whether any operation may be refused because it has no
// key. Where none is, an adapter can pass calls without a key on at once.
func (e *Engine) RequiresKeys() bool { return e.policies.required }

// keyRules is what a key has to satisfy.
type keyRules struct {
	maxLength int
	uuid      bool
	validate  func(key string) error // nil for none
}

// parse returns "" for no key at all.
func (r *keyRules) parse(values []string) (string, *Error) {
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return r.canonical(strings.Trim(values[0], " \t"))
	default:
		return "", ErrKeyInvalid.withRule(RuleSingle)
	}
}

func (r *keyRules) canonical(text string) (string, *Error) {
	key, rule := r.unwrap(text)
	if rule != "" {
		return "", ErrKeyInvalid.withRule(rule)
	}
	if r.validate != nil {
		if err := r.validate(key); err != nil {
			return "", ErrKeyInvalid.withRule(RuleValidator).withCause(err)
		}
	}
	if !r.uuid {
		return key, nil
	}
	uuid, ok := canonicalUUID(key)
	if !ok {
		return "", ErrKeyInvalid.withRule(RuleUUID)
	}
	return uuid, nil
}

// unwrap returns the key without quotes, or the rule that it breaks.
func (r *keyRules) unwrap(text string) (string, KeyRule) {
	if text == "" {
		return "", RuleBlank
	}
	if text[0] == '"' {
		unquoted, ok := unquote(text)
		if !ok {
			return "", RuleQuotes
		}
		text = unquoted
	}
	if text == "" || len(text) > r.maxLength {
		return "", RuleLength
	}
	if !visibleASCII(text) {
		return "", RuleCharacters
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
