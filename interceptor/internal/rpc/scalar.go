package rpc

import (
	"cmp"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func wireType(kind protoreflect.Kind) protowire.Type {
	switch kind {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind, protoreflect.GroupKind:
		return protowire.BytesType
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return protowire.Fixed32Type
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return protowire.Fixed64Type
	default:
		return protowire.VarintType
	}
}

func (w *writer) scalar(kind protoreflect.Kind, value protoreflect.Value) {
	switch kind {
	case protoreflect.BoolKind:
		w.varint(protowire.EncodeBool(value.Bool()))
	case protoreflect.EnumKind:
		w.varint(uint64(value.Enum()))
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		w.varint(uint64(value.Int()))
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		w.varint(protowire.EncodeZigZag(value.Int()))
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		w.varint(value.Uint())
	case protoreflect.Sfixed32Kind:
		w.fixed32(uint32(value.Int()))
	case protoreflect.Fixed32Kind:
		w.fixed32(uint32(value.Uint()))
	case protoreflect.FloatKind:
		w.fixed32(math.Float32bits(float32(value.Float())))
	case protoreflect.Sfixed64Kind:
		w.fixed64(uint64(value.Int()))
	case protoreflect.Fixed64Kind:
		w.fixed64(value.Uint())
	default: // DoubleKind
		w.fixed64(math.Float64bits(value.Float()))
	}
}

// compareKeys orders the keys of one map, which are all of one kind.
func compareKeys(a, b protoreflect.MapKey) int {
	switch a.Interface().(type) {
	case bool:
		return cmp.Compare(protowire.EncodeBool(a.Bool()), protowire.EncodeBool(b.Bool()))
	case int32, int64:
		return cmp.Compare(a.Int(), b.Int())
	case uint32, uint64:
		return cmp.Compare(a.Uint(), b.Uint())
	default:
		return cmp.Compare(a.String(), b.String())
	}
}
