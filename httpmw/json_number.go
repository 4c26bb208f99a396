package httpmw

import (
	"bytes"
	"strconv"
)

// maxExponentDigits is how many digits, without leading zeros, the exponent of a
// number may have. A number with a longer exponent is written as in the body,
// because the exponent does not fit into 64 bits.
const maxExponentDigits = 17

// appendNumber writes a number by its exact value: two numbers are written in the
// same way if and only if their values are equal. The form is an integer that
// does not end in zero, and an exponent unless that is zero: 1 for 1.0, 125e1 for
// 1250, 15e-1 for 1.5, 0 for -0.0. It does not round, and does not add zeros, so a
// large exponent takes no memory.
func appendNumber(buffer, number []byte) []byte {
	mantissa, exponent, ok := cutExponent(number)
	if len(bytes.Trim(mantissa, "-0.")) == 0 {
		return append(buffer, '0')
	}
	if !ok {
		return append(buffer, number...)
	}
	mantissa, negative := bytes.CutPrefix(mantissa, []byte{'-'})
	whole, fraction, _ := bytes.Cut(mantissa, []byte{'.'})
	exponent -= int64(len(fraction))
	if negative {
		buffer = append(buffer, '-')
	}
	first := len(buffer)
	buffer = append(buffer, bytes.TrimLeft(whole, "0")...)
	if len(buffer) == first {
		fraction = bytes.TrimLeft(fraction, "0")
	}
	buffer = append(buffer, fraction...)
	end := len(buffer)
	buffer = buffer[:first+len(bytes.TrimRight(buffer[first:], "0"))]
	if exponent += int64(end - len(buffer)); exponent != 0 {
		buffer = strconv.AppendInt(append(buffer, 'e'), exponent, 10)
	}
	return buffer
}

// cutExponent splits a number. It returns false if the exponent is too long.
func cutExponent(number []byte) (mantissa []byte, exponent int64, ok bool) {
	at := bytes.IndexAny(number, "eE")
	if at < 0 {
		return number, 0, true
	}
	digits, negative := bytes.CutPrefix(number[at+1:], []byte{'-'})
	digits = bytes.TrimLeft(bytes.TrimPrefix(digits, []byte{'+'}), "0")
	if len(digits) > maxExponentDigits {
		return number[:at], 0, false
	}
	for _, digit := range digits {
		exponent = 10*exponent + int64(digit-'0')
	}
	if negative {
		exponent = -exponent
	}
	return number[:at], exponent, true
}
