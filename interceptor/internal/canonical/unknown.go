package canonical

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxCompared is the length, in bytes, up to which unknown fields are sorted by
// comparing their numbers. Longer ones are distributed by the digits of their
// numbers, in at most three passes: a message can have millions of them.
const maxCompared = 1 << 10

// digitBits is the size of a digit; field numbers have 29 bits.
const digitBits = 10

// unknownBuffers are the buffers for sorting unknown fields.
type unknownBuffers struct {
	fields   []unknownField
	from, to []byte
}

type unknownField struct {
	number protowire.Number
	bytes  []byte
}

// write writes unknown fields in the order of their numbers. Fields with the same
// number keep their order, which has a meaning in a list.
func (u *unknownBuffers) write(w *writer, raw protoreflect.RawFields) {
	whole, highest, ordered := survey(raw)
	w.bytes(raw[whole:]) // empty if the message was decoded
	raw = raw[:whole]
	switch {
	case ordered:
		w.bytes(raw)
	case len(raw) <= maxCompared:
		u.compare(w, raw)
	default:
		write(w, u.distribute(raw, highest))
	}
}

// survey returns how many bytes are whole fields, their highest number, and
// whether they are in order.
func survey(raw []byte) (whole int, highest protowire.Number, ordered bool) {
	ordered = true
	for whole < len(raw) {
		number, n := nextField(raw[whole:])
		if n < 0 {
			break
		}
		ordered = ordered && number >= highest
		highest = max(highest, number)
		whole += n
	}
	return whole, highest, ordered
}

// nextField is protowire.ConsumeField, with a shortcut for small varints: the
// messages with the most fields have these.
func nextField(raw []byte) (protowire.Number, int) {
	tag, n := protowire.ConsumeVarint(raw)
	if n > 0 && n < len(raw) && raw[n] < 0x80 && tag&7 == uint64(protowire.VarintType) && tag>>3-1 < uint64(protowire.MaxValidNumber) {
		return protowire.Number(tag >> 3), n + 1
	}
	number, _, n := protowire.ConsumeField(raw)
	return number, n
}

// compare sorts fields by comparing their numbers, and writes them.
func (u *unknownBuffers) compare(w *writer, raw []byte) {
	fields := u.fields[:0]
	for len(raw) > 0 {
		number, n := nextField(raw)
		fields = append(fields, unknownField{number, raw[:n]})
		raw = raw[n:]
	}
	slices.SortStableFunc(fields, func(a, b unknownField) int { return int(a.number) - int(b.number) })
	for _, each := range slices.Backward(fields) {
		w.bytes(each.bytes)
	}
	clear(fields) // the pool must not retain the message
	u.fields = fields[:0]
}

// distribute sorts fields by the lowest digit of their numbers, then by the next
// one: a radix sort whose records are the fields themselves.
func (u *unknownBuffers) distribute(raw []byte, highest protowire.Number) []byte {
	for shift := 0; highest>>shift > 0; shift += digitBits {
		u.to = slices.Grow(u.to[:0], len(raw))[:len(raw)]
		distributeByDigit(u.to, raw, shift)
		raw = u.to
		u.from, u.to = u.to, u.from
	}
	return raw
}

// distributeByDigit copies fields in the order of one digit. Fields with the same
// digit keep their order.
func distributeByDigit(to, from []byte, shift int) {
	const mask = 1<<digitBits - 1
	var next [mask + 1]int // position of the next field with this digit
	for raw := from; len(raw) > 0; {
		number, n := nextField(raw)
		next[number>>shift&mask] += n
		raw = raw[n:]
	}
	start := 0
	for digit, size := range next {
		next[digit], start = start, start+size
	}
	for raw := from; len(raw) > 0; {
		number, n := nextField(raw)
		digit := number >> shift & mask
		next[digit] += copy(to[next[digit]:], raw[:n])
		raw = raw[n:]
	}
}
