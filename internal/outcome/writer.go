package outcome

import "google.golang.org/protobuf/encoding/protowire"

func appendVarint(buffer []byte, number protowire.Number, value uint64) []byte {
	buffer = protowire.AppendTag(buffer, number, protowire.VarintType)
	return protowire.AppendVarint(buffer, value)
}

// appendLength begins a bytes field, whose content the caller appends.
func appendLength(buffer []byte, number protowire.Number, length int) []byte {
	buffer = protowire.AppendTag(buffer, number, protowire.BytesType)
	return protowire.AppendVarint(buffer, uint64(length))
}

func appendBytes[T string | []byte](buffer []byte, number protowire.Number, value T) []byte {
	buffer = appendLength(buffer, number, len(value))
	return append(buffer, value...)
}

func sizeVarint(number protowire.Number, value uint64) int {
	return protowire.SizeTag(number) + protowire.SizeVarint(value)
}

func sizeBytes(number protowire.Number, length int) int {
	return protowire.SizeTag(number) + protowire.SizeBytes(length)
}
