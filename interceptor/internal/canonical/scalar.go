package canonical

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The bits of every NaN. The JSON form has only one NaN, so the bits of a NaN that
// came in the binary form mean nothing. Most languages send these bits. Before
// this rule existed, other messages had the same form, so the algorithm has kept
// its name.
const (
	nan32 = 0x7fc00000
	nan64 = 0x7ff8000000000000
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

// numberBits returns what the wire format writes of a number: zero only for the
// zero value. Minus zero is not the zero value.
func numberBits(kind protoreflect.Kind, value protoreflect.Value) uint64 {
	switch kind {
	case protoreflect.BoolKind:
		return protowire.EncodeBool(value.Bool())
	case protoreflect.EnumKind:
		return uint64(value.Enum())
	case protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.Sfixed32Kind, protoreflect.Sfixed64Kind:
		return uint64(value.Int())
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return protowire.EncodeZigZag(value.Int())
	case protoreflect.FloatKind:
		if float := value.Float(); !math.IsNaN(float) {
			return uint64(math.Float32bits(float32(float)))
		}
		return nan32
	case protoreflect.DoubleKind:
		if float := value.Float(); !math.IsNaN(float) {
			return math.Float64bits(float)
		}
		return nan64
	default: // unsigned
		return value.Uint()
	}
}

func (w *writer) number(wire protowire.Type, bits uint64) {
	switch wire {
	case protowire.Fixed32Type:
		w.fixed32(uint32(bits))
	case protowire.Fixed64Type:
		w.fixed64(bits)
	default:
		w.varint(bits)
	}
}

// unifyNaNs gives all NaNs in a packed list the same bits.
func unifyNaNs(kind protoreflect.Kind, packed []byte) {
	const infinity32, infinity64 = 0x7f800000, 0x7ff0000000000000 // NaNs are larger
	if kind == protoreflect.FloatKind {
		for ; len(packed) >= 4; packed = packed[4:] {
			if binary.LittleEndian.Uint32(packed)&^(1<<31) > infinity32 {
				binary.LittleEndian.PutUint32(packed, nan32)
			}
		}
	}
	if kind == protoreflect.DoubleKind {
		for ; len(packed) >= 8; packed = packed[8:] {
			if binary.LittleEndian.Uint64(packed)&^(1<<63) > infinity64 {
				binary.LittleEndian.PutUint64(packed, nan64)
			}
		}
	}
}
