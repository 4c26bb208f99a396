package canonical

import (
	"testing"

	"google.golang.org/protobuf/types/descriptorpb"
)

// longLists is a message with two long lists of numbers.
func longLists(length int) *descriptorpb.SourceCodeInfo_Location {
	message := new(descriptorpb.SourceCodeInfo_Location)
	for i := range length {
		message.Path = append(message.Path, int32(i%100))
		message.Span = append(message.Span, int32(i%99))
	}
	return message
}

// TestLongListsOfOneMessage do not share a buffer, neither with each other nor with
// those of the message before.
func TestLongListsOfOneMessage(t *testing.T) {
	var digester Digester
	for _, length := range []int{2 * minReferenced, minReferenced, 3 * minReferenced, 2 * minReferenced} {
		message := longLists(length)
		if digester.Digest(message) != new(Digester).Digest(message) {
			t.Errorf("lists of %d numbers: another digest than that of a new digester", length)
		}
	}
	if digester.Digest(longLists(minReferenced)) == digester.Digest(longLists(minReferenced+1)) {
		t.Error("lists of different lengths have the same digest")
	}
}
