package rpc

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// maxAny bounds how deep an Any inside an Any is opened. What lies deeper is
// taken as the bytes it came in, since every level costs another decoding.
const maxAny = 8

// any opens the message inside an Any, which clients encode as they like. A
// type that is not linked in stays as it is.
func (c *canonical) any(message protoreflect.Message, field *field, raw []byte) {
	since := c.len()
	if inner := c.open(message, raw); inner != nil {
		c.anys++
		c.root(inner.ProtoReflect())
		c.anys--
	} else {
		c.bytes(raw)
	}
	c.wrap(field.tag, since)
}

func (c *canonical) open(message protoreflect.Message, raw []byte) proto.Message {
	if c.anys >= maxAny {
		return nil
	}
	url := message.Get(message.Descriptor().Fields().ByNumber(1)).String()
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
