package httpmw

import (
	"encoding/binary"
)

// prefixSize is the number of bytes of a length prefix.
const prefixSize = 4

// appendPrefixed appends an element: the length of the content, and the content.
// So different lists of elements never have the same bytes.
func appendPrefixed[T string | []byte](buffer []byte, content T) []byte {
	buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(content)))
	return append(buffer, content...)
}

// beginPrefixed appends room for the length of an element. The caller appends the
// content and then calls endPrefixed.
func beginPrefixed(buffer []byte) []byte { return append(buffer, make([]byte, prefixSize)...) }

// endPrefixed writes the length of the element that begins at start and ends at
// the end of the buffer. It returns that end.
func endPrefixed(buffer []byte, start int) int {
	length := len(buffer) - start - prefixSize
	binary.BigEndian.PutUint32(buffer[start:], uint32(length))
	return len(buffer)
}

// appendLower appends text in lower case, without spaces around it.
func appendLower[T string | []byte](buffer []byte, text T) []byte {
	for _, c := range []byte(trimBlanks(text)) {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buffer = append(buffer, c)
	}
	return buffer
}
