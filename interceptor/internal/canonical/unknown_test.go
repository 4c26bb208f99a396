package canonical

import (
	"bytes"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"
)

// TestManyUnknownFieldsAreSorted checks the sort of large messages, for numbers of
// every length.
func TestManyUnknownFieldsAreSorted(t *testing.T) {
	for bits := 1; bits <= 29; bits++ {
		number := random(1<<bits - 1)
		var fields []unknownField
		for i := range 2 * maxCompared / 3 {
			field := protowire.AppendTag(nil, protowire.Number(number(i)), protowire.BytesType)
			field = protowire.AppendBytes(field, bytes.Repeat([]byte{byte(i)}, i%7))
			fields = append(fields, unknownField{bytes: field})
			fields[i].number, _, _ = protowire.ConsumeTag(field)
		}
		message := new(emptypb.Empty)
		message.ProtoReflect().SetUnknown(joined(fields))
		slices.SortStableFunc(fields, func(a, b unknownField) int { return int(a.number - b.number) })
		if !bytes.Equal(form(message), joined(fields)) {
			t.Errorf("unknown fields with numbers of %d bits are not in order", bits)
		}
	}
}

func joined(fields []unknownField) (raw []byte) {
	for _, each := range fields {
		raw = append(raw, each.bytes...)
	}
	return raw
}
