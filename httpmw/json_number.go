package httpmw

import (
	"bytes"
	"strconv"
)

// mostExponent is how many digits an exponent may have, without leading zeros,
// for its number to be written by its value. With more of them it could not be
// added to; a number like that stays as it was written.
const mostExponent = 17

// appendNumber writes a number by its exact value: all numbers of one value are
// written alike, and no others are. The form is an integer that does not end in
// zero and, unless it is zero, an exponent: 1 for 1.0, 125e1 for 1250, 15e-1 for
// 1.5, 0 for -0.0. Nothing is rounded, and no zero is added, so a large exponent
// costs nothing.
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
	all := len(buffer)
	buffer = buffer[:first+len(bytes.TrimRight(buffer[first:], "0"))]
	if exponent += int64(all - len(buffer)); exponent != 0 {
		buffer = strconv.AppendInt(append(buffer, 'e'), exponent, 10)
	}
	return buffer
}

// cutExponent returns false for an exponent that is too long.
func cutExponent(number []byte) (mantissa []byte, exponent int64, ok bool) {
	at := bytes.IndexAny(number, "eE")
	if at < 0 {
		return number, 0, true
	}
	digits, negative := bytes.CutPrefix(number[at+1:], []byte{'-'})
	digits = bytes.TrimLeft(bytes.TrimPrefix(digits, []byte{'+'}), "0")
	if len(digits) > mostExponent {
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
