package canonical

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// maxAny is the maximum number of Any messages inside each other that are
// decoded. Deeper ones are written as the bytes that came in, since every level
// costs another decoding.
const maxAny = 8

// decodeAny decodes the message in an Any, which is inside depth others. It returns
// nil if that is too deep, if the type is not linked in, or if the bytes are not
// such a message.
func decodeAny(envelope protoreflect.Message, raw []byte, depth int) proto.Message {
	if depth >= maxAny {
		return nil
	}
	url := envelope.Get(envelope.Descriptor().Fields().ByNumber(anyTypeURL)).String()
	kind, err := protoregistry.GlobalTypes.FindMessageByURL(url)
	if err != nil {
		return nil
	}
	inner := kind.New().Interface()
	if (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(raw, inner) != nil {
		return nil
	}
	return inner
}
