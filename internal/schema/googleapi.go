package schema

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Numbers of google.api options of a field. Their Go package is not imported, which
// would decide for a program which version of it is linked in.
const (
	fieldBehavior   protowire.Number = 1052      // repeated google.api.FieldBehavior
	required                         = 2         // a google.api.FieldBehavior
	fieldInfo       protowire.Number = 291403980 // google.api.FieldInfo
	fieldInfoFormat protowire.Number = 1
	formatUUID4                      = 1 // a google.api.FieldInfo.Format
)

// isOptionalUUID4 reports whether a field has the format UUID4 and is not required.
// AIP-4235 fills no required fields in.
func isOptionalUUID4(field protoreflect.FieldDescriptor) bool {
	raw, err := proto.Marshal(field.Options())
	if err != nil || slices.Contains(varints(raw, fieldBehavior), required) {
		return false
	}
	format := uint64(0)
	eachField(raw, func(number protowire.Number, kind protowire.Type, value []byte) {
		if number != fieldInfo || kind != protowire.BytesType {
			return
		}
		info, _ := protowire.ConsumeBytes(value)
		for _, each := range varints(info, fieldInfoFormat) {
			format = each // the last one applies
		}
	})
	return format == formatUUID4
}

// varints returns the values of an enumeration field, packed or not.
func varints(raw []byte, wanted protowire.Number) (values []uint64) {
	eachField(raw, func(number protowire.Number, kind protowire.Type, value []byte) {
		if number != wanted {
			return
		}
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		for len(value) > 0 {
			each, n := protowire.ConsumeVarint(value)
			if n < 0 {
				return
			}
			values = append(values, each)
			value = value[n:]
		}
	})
	return values
}

// eachField visits the fields of a message in wire format, up to one that is invalid.
func eachField(raw []byte, visit func(number protowire.Number, kind protowire.Type, value []byte)) {
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return
		}
		length := protowire.ConsumeFieldValue(number, kind, raw[n:])
		if length < 0 {
			return
		}
		visit(number, kind, raw[n:n+length])
		raw = raw[n+length:]
	}
}
