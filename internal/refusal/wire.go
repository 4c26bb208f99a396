package refusal

import "google.golang.org/protobuf/encoding/protowire"

// Types of details.
const (
	errorInfoURL = "type.googleapis.com/google.rpc.ErrorInfo"
	retryInfoURL = "type.googleapis.com/google.rpc.RetryInfo"
)

// Field numbers of google.rpc.ErrorInfo, of an entry of its metadata, of
// google.rpc.RetryInfo and of google.protobuf.Duration.
const (
	infoReason      = 1
	infoDomain      = 2
	infoMetadata    = 3
	entryKey        = 1
	entryValue      = 2
	retryDelay      = 1
	durationSeconds = 1
	durationNanos   = 2
)

func appendText[T string | []byte](buffer []byte, number protowire.Number, text T) []byte {
	buffer = protowire.AppendTag(buffer, number, protowire.BytesType)
	buffer = protowire.AppendVarint(buffer, uint64(len(text)))
	return append(buffer, text...)
}

// appendNumber leaves zero out.
func appendNumber(buffer []byte, number protowire.Number, value uint64) []byte {
	if value == 0 {
		return buffer
	}
	buffer = protowire.AppendTag(buffer, number, protowire.VarintType)
	return protowire.AppendVarint(buffer, value)
}

// appendEntry appends an entry of the metadata of an ErrorInfo.
func appendEntry(buffer []byte, key, value string) []byte {
	size := protowire.SizeTag(entryKey) + protowire.SizeBytes(len(key)) +
		protowire.SizeTag(entryValue) + protowire.SizeBytes(len(value))
	buffer = protowire.AppendTag(buffer, infoMetadata, protowire.BytesType)
	buffer = protowire.AppendVarint(buffer, uint64(size))
	buffer = appendText(buffer, entryKey, key)
	return appendText(buffer, entryValue, value)
}
