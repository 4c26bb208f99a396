package rpc

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"
)

// HandOver moves a message that the guard has received to where the handler receives
// it. The message must not be used afterwards. Handlers that are not generated may have
// another Go type for the schema of the method.
func HandOver(into any, message proto.Message) error {
	to, from := reflect.ValueOf(into), reflect.ValueOf(message)
	if to.Type() == from.Type() && to.Kind() == reflect.Pointer {
		to.Elem().Set(from.Elem())
		return nil
	}
	other, ok := asMessage(into)
	if !ok {
		return fmt.Errorf("a handler receives a %T, and the schema has %T", into, message)
	}
	raw, err := proto.MarshalOptions{AllowPartial: true}.Marshal(message)
	if err == nil {
		err = proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(raw, other)
	}
	return err
}
