package httpmw

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

func TestNumbersByValue(t *testing.T) {
	for number, want := range map[string]string{
		"1": "1", "1.0": "1", "1e0": "1", "1E+00": "1", "10e-1": "1", "0.001e3": "1",
		"0": "0", "-0": "0", "-0.00e-7": "0", "0e99999999999999999999": "0",
		"-1250": "-125e1", "1.50": "15e-1", "0.0050": "5e-3", "100200": "1002e2",
		"12345678901234567890123":   "12345678901234567890123",
		"0.10000000000000001":       "10000000000000001e-17",
		"1e999999999":               "1e999999999",
		"10e999999999":              "1e1000000000",
		"1e-000000000000000000009":  "1e-9",
		"10e99999999999999999":      "1e100000000000000000",
		"1e100000000000000000":      "1e100000000000000000",
		"1.0e999999999999999999999": "1.0e999999999999999999999",
	} {
		if got := string(appendNumber(nil, []byte(number))); got != want {
			t.Errorf("%s is written %s, want %s", number, got, want)
		}
	}
}

// FuzzNumbersByValue: two numbers are written in the same way if and only if they
// are equal. The result is a number of the same value, and its own form.
func FuzzNumbersByValue(f *testing.F) {
	f.Add("1", "1.0")
	f.Add("-0.0e5", "0")
	f.Add("1250", "12.5e2")
	f.Add("0.10", "0.11")
	f.Fuzz(func(t *testing.T, a, b string) {
		first, known := rational(a)
		second, alsoKnown := rational(b)
		if !known || !alsoKnown {
			return
		}
		formA, formB := appendNumber(nil, []byte(a)), appendNumber(nil, []byte(b))
		if bytes.Equal(formA, formB) != (first.Cmp(second) == 0) {
			t.Fatalf("%s and %s are written %s and %s", a, b, formA, formB)
		}
		if value, ok := rational(string(formA)); !ok || value.Cmp(first) != 0 {
			t.Fatalf("%s is written %s, which is another number", a, formA)
		}
		if again := appendNumber(nil, formA); !bytes.Equal(again, formA) {
			t.Fatalf("%s is written %s, and that %s", a, formA, again)
		}
	})
}

// rational parses JSON numbers, except those that math/big would expand into very
// many digits.
func rational(number string) (*big.Rat, bool) {
	if !json.Valid([]byte(number)) || strings.Trim(number, "+-.0123456789eE") != "" {
		return nil, false
	}
	if _, exponent, ok := cutExponent([]byte(number)); !ok || max(exponent, -exponent) > 1000 {
		return nil, false
	}
	return new(big.Rat).SetString(number)
}
