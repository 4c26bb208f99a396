package rpc

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
)

// asMessage returns a request or response as a protobuf message, or false if it
// is something else.
func asMessage(value any) (proto.Message, bool) {
	switch message := value.(type) {
	case proto.Message:
		return message, true
	case protoadapt.MessageV1:
		return protoadapt.MessageV2Of(message), true
	default:
		return nil, false
	}
}
