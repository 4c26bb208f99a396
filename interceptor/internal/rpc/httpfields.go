package rpc

import (
	"encoding/base64"
	"net/textproto"
	"slices"
	"strings"

	"github.com/oncewire/idempotency/internal/outcome"
)

// AddedFields returns the values that are in after and not in before: those that
// follow the values of before, or all values if those were replaced. Both are
// headers of HTTP.
func AddedFields(before, after map[string][]string) map[string][]string {
	if len(before) == 0 {
		return after
	}
	fresh := make(map[string][]string, len(after))
	for name, values := range after {
		earlier := before[name]
		switch {
		case slices.Equal(earlier, values):
		case len(values) > len(earlier) && slices.Equal(earlier, values[:len(earlier)]):
			fresh[name] = values[len(earlier):]
		default:
			fresh[name] = values
		}
	}
	return fresh
}

// FromHTTP adds the fields of a header of HTTP to those that are recorded.
func FromHTTP(fields Fields, header map[string][]string) Fields {
	if len(header) > 0 && fields == nil {
		fields = make(Fields, len(header))
	}
	for name, values := range header {
		name = strings.ToLower(name)
		if IsBinary(name) {
			name, values = fromBinary(name, values)
		}
		if len(values) > 0 {
			fields[name] = append(fields[name], values...)
		}
	}
	return fields
}

// fromBinary decodes the values of a binary field, as gRPC does. If one is not the
// base64 that ToHTTP would write, all are recorded verbatim.
func fromBinary(name string, values []string) (recorded string, decoded []string) {
	decoded = make([]string, len(values))
	for i, value := range values {
		data, err := base64.RawStdEncoding.DecodeString(value)
		if err != nil || base64.RawStdEncoding.EncodeToString(data) != value {
			return VerbatimName(name), values
		}
		decoded[i] = string(data)
	}
	return name, decoded
}

// ToHTTP invokes add with each recorded field as HTTP has it. Its name is
// canonical. The values belong to add.
func ToHTTP(fields *outcome.Fields, add func(name string, values []string)) {
	fields.Each(func(field outcome.Change) {
		name, verbatim := CutVerbatim(field.Name)
		if !verbatim && IsBinary(name) {
			for i, value := range field.Values {
				field.Values[i] = base64.RawStdEncoding.EncodeToString([]byte(value))
			}
		}
		add(textproto.CanonicalMIMEHeaderKey(name), field.Values)
	})
}
