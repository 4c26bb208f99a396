package idempotency_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
)

func TestParseKey(t *testing.T) {
	const upper, lower = "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
	long := strings.Repeat("k", 255)
	uuid := []idempotency.Option{idempotency.WithKeyRules(idempotency.KeyRules{UUID: true})}
	required := []idempotency.Option{all(idempotency.Policy{Key: idempotency.KeyRequired})}
	short := []idempotency.Option{idempotency.WithKeyRules(idempotency.KeyRules{MaxLength: 3})}
	endless := []idempotency.Option{idempotency.WithKeyRules(idempotency.KeyRules{MaxLength: math.MaxInt})}
	invalid, missing := idempotency.ErrKeyInvalid, idempotency.ErrKeyMissing
	tests := []struct {
		name    string
		options []idempotency.Option
		use     idempotency.KeyMode
		values  []string
		key     string
		err     error
	}{
		{name: "bare", values: []string{"abc-123"}, key: "abc-123"},
		{name: "quoted", values: []string{`"abc-123"`}, key: "abc-123"},
		{name: "spaces and tabs around", values: []string{" \tabc \t"}, key: "abc"},
		{name: "spaces around quotes", values: []string{` "abc" `}, key: "abc"},
		{name: "every visible character", values: []string{"!#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~\""}, key: "!#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~\""},
		{name: "case is kept", values: []string{"aBc"}, key: "aBc"},
		{name: "escaped quote", values: []string{`"a\"b"`}, key: `a"b`},
		{name: "escaped backslash", values: []string{`"a\\b"`}, key: `a\b`},
		{name: "bare backslash is itself", values: []string{`a\b`}, key: `a\b`},
		{name: "bare quote inside", values: []string{`a"b`}, key: `a"b`},
		{name: "one character", values: []string{"a"}, key: "a"},
		{name: "255 characters", values: []string{long}, key: long},
		{name: "255 characters quoted", values: []string{`"` + long + `"`}, key: long},
		{name: "255 escaped characters", values: []string{`"` + strings.Repeat(`\"`, 255) + `"`}, key: strings.Repeat(`"`, 255)},
		{name: "no limit to speak of", options: endless, values: []string{long + long}, key: long + long},
		{name: "own limit", options: short, values: []string{"abc"}, key: "abc"},

		{name: "256 characters", values: []string{long + "k"}, err: invalid},
		{name: "256 characters quoted", values: []string{`"` + long + `k"`}, err: invalid},
		{name: "far too long", values: []string{strings.Repeat("k", 1<<20)}, err: invalid},
		{name: "longer than the own limit", options: short, values: []string{"abcd"}, err: invalid},
		{name: "nothing in quotes", values: []string{`""`}, err: invalid},
		{name: "no end of quotes", values: []string{`"abc`}, err: invalid},
		{name: "a lone quote", values: []string{`"`}, err: invalid},
		{name: "end escaped away", values: []string{`"abc\"`}, err: invalid},
		{name: "unknown escape", values: []string{`"a\nb"`}, err: invalid},
		{name: "quote inside quotes", values: []string{`"a"b"`}, err: invalid},
		{name: "parameters are ignored", values: []string{`"abc";v=1; w`}, key: "abc"},
		{name: "parameters after an escape", values: []string{`"a\"b";v="x"`}, key: `a"b`},
		{name: "no quotes, no parameters", values: []string{`abc;v=1`}, key: "abc;v=1"},
		{name: "no semicolon", values: []string{`"abc" v=1`}, err: invalid},
		{name: "control character in parameters", values: []string{"\"abc\";v=\x01"}, err: invalid},
		{name: "list of two", values: []string{`"a", "b"`}, err: invalid},
		{name: "two values", values: []string{"a", "b"}, err: invalid},
		{name: "the same value twice", values: []string{"a", "a"}, err: invalid},
		{name: "a value and nothing", values: []string{"a", ""}, err: invalid},
		{name: "space inside", values: []string{"a b"}, err: invalid},
		{name: "space inside quotes", values: []string{`"a b"`}, err: invalid},
		{name: "tab inside", values: []string{"a\tb"}, err: invalid},
		{name: "NUL", values: []string{"a\x00b"}, err: invalid},
		{name: "NUL alone", values: []string{"\x00"}, err: invalid},
		{name: "CR", values: []string{"a\rb"}, err: invalid},
		{name: "LF", values: []string{"a\nb"}, err: invalid},
		{name: "LF at the end", values: []string{"a\n"}, err: invalid},
		{name: "DEL", values: []string{"a\x7f"}, err: invalid},
		{name: "UTF-8", values: []string{"schlüssel"}, err: invalid},
		{name: "invalid UTF-8", values: []string{"a\xff"}, err: invalid},
		{name: "no-break space around", values: []string{"\u00a0abc"}, err: invalid},

		{name: "no value", values: nil},
		{name: "empty value", values: []string{""}, err: invalid},
		{name: "blank value", values: []string{" \t "}, err: invalid},
		{name: "no value, required", options: required, values: nil, err: missing},
		{name: "empty value, required", options: required, values: []string{""}, err: invalid},
		{name: "required, but optional here", options: required, use: idempotency.KeyOptional},
		{name: "required here", use: idempotency.KeyRequired, err: missing},
		{name: "required and sent", options: required, values: []string{"a"}, key: "a"},
		{name: "keys are off", options: required, use: idempotency.KeyIgnored, values: []string{"a b", "c"}},

		{name: "UUID", options: uuid, values: []string{lower}, key: lower},
		{name: "UUID in capitals is the same", options: uuid, values: []string{upper}, key: lower},
		{name: "UUID in quotes is the same", options: uuid, values: []string{`"` + upper + `"`}, key: lower},
		{name: "capitals are kept without the rule", values: []string{upper}, key: upper},
		{name: "UUID of version 7", options: uuid, values: []string{"01890a5d-ac96-774b-bcce-b302099a8057"}, key: "01890a5d-ac96-774b-bcce-b302099a8057"},
		{name: "nil UUID", options: uuid, values: []string{"00000000-0000-0000-0000-000000000000"}, key: "00000000-0000-0000-0000-000000000000"},
		{name: "no UUID is sent", options: uuid},
		{name: "not a UUID", options: uuid, values: []string{"abc"}, err: invalid},
		{name: "UUID without hyphens", options: uuid, values: []string{"f81d4fae7dec11d0a76500a0c91e6bf6"}, key: lower},
		{name: "UUID in braces", options: uuid, values: []string{"{" + upper + "}"}, key: lower},
		{name: "UUID with one brace", options: uuid, values: []string{"{" + lower}, err: invalid},
		{name: "UUID as a URN", options: uuid, values: []string{"URN:uuid:" + lower}, key: lower},
		{name: "UUID as a URN in braces", options: uuid, values: []string{"urn:uuid:{" + lower + "}"}, key: lower},
		{name: "UUID with a letter too far", options: uuid, values: []string{"g" + lower[1:]}, err: invalid},
		{name: "UUID with hyphens elsewhere", options: uuid, values: []string{"f81d4fa-e7dec-11d0-a765-00a0c91e6bf6"}, err: invalid},
		{name: "UUID of hyphens", options: uuid, values: []string{strings.Repeat("-", 36)}, err: invalid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			seen := &events{}
			engine := newEngine(t, openStore(t), append(test.options, idempotency.WithObserver(seen))...)
			key, err := engine.Operation(operation, idempotency.Policy{Key: test.use}).ParseKey(t.Context(), test.values)
			want(t, err, test.err)
			equal(t, "key", key, test.key)
			equal(t, "refusals seen", len(seen.of(idempotency.EventRefused)) == 1, test.err != nil)
		})
	}
}

func FuzzParseKey(f *testing.F) {
	for _, seed := range []string{
		"abc-123", `"abc-123"`, `"a\"b\\c"`, `"\"abc\""`, `"`, `""`, " a\t", "a b", "a\x00", "ä", `"a";p`, strings.Repeat("k", 256),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		engine := newEngine(t, openStore(t))
		parse := func(value string) (string, error) {
			return engine.Operation(operation, idempotency.Policy{}).ParseKey(t.Context(), []string{value})
		}
		key, err := parse(value)
		if err != nil || key == "" {
			equal(t, "key beside an error", key, "")
			return
		}
		if len(key) > 255 || strings.ContainsFunc(key, func(c rune) bool { return c < '!' || c > '~' }) {
			t.Errorf("%q was read as %q", value, key)
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"`
		same := []string{quoted, " " + quoted + "\t"}
		if key[0] != '"' { // or it could only be written in quotes
			same = append(same, key, "\t"+key+" ")
		}
		for _, other := range same {
			again, err := parse(other)
			ok(t, err)
			equal(t, "key of "+other, again, key)
		}
	})
}

// TestKeyInMessage: a key in the request message is the same key as in the header.
func TestKeyInMessage(t *testing.T) {
	engine := newEngine(t, openStore(t), idempotency.WithKeyRules(idempotency.KeyRules{RequestID: true, UUID: true}))
	op := engine.Operation(operation, idempotency.Policy{Key: idempotency.KeyRequired})
	equal(t, "takes request ids", op.TakesRequestID(), true)
	equal(t, "takes request ids", newEngine(t, openStore(t)).Operation(operation, idempotency.Policy{}).TakesRequestID(), false)
	const key, upper, other = "8e03978e-40d5-43dd-bc93-6894a57f9324", "8E03978E-40D5-43DD-BC93-6894A57F9324", "00000000-0000-4000-8000-000000000000"
	for name, test := range map[string]struct {
		values    []string
		inMessage string
		want      error
		rule      string
	}{
		"message only":      {nil, upper, nil, ""},
		"header only":       {[]string{key}, "", nil, ""},
		"the same in both":  {[]string{`"` + key + `"`}, upper, nil, ""},
		"nowhere":           {nil, "", idempotency.ErrKeyMissing, ""},
		"different":         {[]string{key}, other, idempotency.ErrKeyInvalid, "mismatch"},
		"malformed header":  {[]string{"x"}, key, idempotency.ErrKeyInvalid, "uuid"},
		"malformed message": {[]string{key}, "x", idempotency.ErrKeyInvalid, "uuid"},
		"blank message":     {nil, " ", idempotency.ErrKeyInvalid, "blank"},
		"two in the header": {[]string{key, key}, key, idempotency.ErrKeyInvalid, "single"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := op.ParseKeyInMessage(t.Context(), test.values, test.inMessage)
			want(t, err, test.want)
			if test.want == nil {
				equal(t, "key", got, key)
				return
			}
			refusal, _ := errors.AsType[*idempotency.Error](err)
			equal(t, "rule", refusal.Rule, test.rule)
			if test.rule == "mismatch" {
				equal(t, "marked by the header", op.HasRefusalMark(refusal.Mark, test.values[0]), true)
			}
			if test.rule == "blank" || test.rule == "mismatch" {
				equal(t, "has a detail", refusal.Detail() != idempotency.ErrKeyInvalid.Detail(), true)
			}
		})
	}
	ignored := engine.Operation(operation, idempotency.Policy{Key: idempotency.KeyIgnored})
	got, err := ignored.ParseKeyInMessage(t.Context(), []string{key}, other)
	want(t, err, nil)
	equal(t, "key", got, "")
}
