package rpc

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// fewUnknown is how many bytes of unknown fields are sorted by comparing their
// numbers. More of them are distributed by the digits of their numbers, in at
// most three passes: a message can hold millions of them.
const fewUnknown = 1 << 10

// digitBits is the size of a digit; field numbers have 29 bits.
const digitBits = 10

// unknownScratch is memory for sorting unknown fields.
type unknownScratch struct {
	fields   []numbered
	from, to []byte
}

type numbered struct {
	number protowire.Number
	bytes  []byte
}

// unknownFields sorts unknown fields by number; those of one number keep their
// order, which means something for a list.
func (c *canonical) unknownFields(raw protoreflect.RawFields) {
	whole, highest, ordered := survey(raw)
	c.bytes(raw[whole:]) // is empty after a decoder
	raw = raw[:whole]
	switch {
	case ordered:
		c.bytes(raw)
	case len(raw) <= fewUnknown:
		c.fewUnknown(raw)
	default:
		write(&c.writer, c.unknown.distributed(raw, highest))
	}
}

// survey returns how many bytes are whole fields, the highest number among them,
// and whether they are in order already.
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

// nextField is protowire.ConsumeField, with a short cut for small varints: a
// message has the most fields when they are these.
func nextField(raw []byte) (protowire.Number, int) {
	tag, n := protowire.ConsumeVarint(raw)
	if n > 0 && n < len(raw) && raw[n] < 0x80 && tag&7 == uint64(protowire.VarintType) && tag>>3-1 < uint64(protowire.MaxValidNumber) {
		return protowire.Number(tag >> 3), n + 1
	}
	number, _, n := protowire.ConsumeField(raw)
	return number, n
}

func (c *canonical) fewUnknown(raw []byte) {
	fields := c.unknown.fields[:0]
	for len(raw) > 0 {
		number, n := nextField(raw)
		fields = append(fields, numbered{number, raw[:n]})
		raw = raw[n:]
	}
	slices.SortStableFunc(fields, func(a, b numbered) int { return int(a.number) - int(b.number) })
	for _, each := range slices.Backward(fields) {
		c.bytes(each.bytes)
	}
	clear(fields) // the pool must not keep the message
	c.unknown.fields = fields[:0]
}

// distributed sorts fields by the lowest digit of their numbers, then by the
// next one: a radix sort whose records are the fields themselves.
func (u *unknownScratch) distributed(raw []byte, highest protowire.Number) []byte {
	for shift := 0; highest>>shift > 0; shift += digitBits {
		u.to = slices.Grow(u.to[:0], len(raw))[:len(raw)]
		distribute(u.to, raw, shift)
		raw = u.to
		u.from, u.to = u.to, u.from
	}
	return raw
}

// distribute copies fields in the order of one digit, without changing the
// order of those that have the same.
func distribute(to, from []byte, shift int) {
	const mask = 1<<digitBits - 1
	var next [mask + 1]int // where the next field with this digit goes
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
