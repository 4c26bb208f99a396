package outcome

import "google.golang.org/protobuf/encoding/protowire"

// newOutcome returns the envelope up to the kind, whose content of the given
// size is appended next, into room that is already there.
func newOutcome(kind protowire.Number, size int) []byte {
	room := sizeVarint(outcomeFormat, format) + sizeBytes(kind, size)
	buffer := make([]byte, 0, room)
	buffer = appendVarint(buffer, outcomeFormat, format)
	buffer = protowire.AppendTag(buffer, kind, protowire.BytesType)
	return protowire.AppendVarint(buffer, uint64(size))
}

func appendVarint(buffer []byte, number protowire.Number, value uint64) []byte {
	buffer = protowire.AppendTag(buffer, number, protowire.VarintType)
	return protowire.AppendVarint(buffer, value)
}

func appendBytes[T string | []byte](buffer []byte, number protowire.Number, value T) []byte {
	buffer = protowire.AppendTag(buffer, number, protowire.BytesType)
	buffer = protowire.AppendVarint(buffer, uint64(len(value)))
	return append(buffer, value...)
}

func sizeVarint(number protowire.Number, value uint64) int {
	return protowire.SizeTag(number) + protowire.SizeVarint(value)
}

func sizeBytes(number protowire.Number, length int) int {
	return protowire.SizeTag(number) + protowire.SizeBytes(length)
}
