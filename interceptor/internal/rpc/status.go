package rpc

import (
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/anypb"
)

// Numbers of google.rpc.Status and of google.protobuf.Any.
const (
	statusCode    = 1
	statusMessage = 2
	statusDetails = 3
	detailType    = 1
	detailValue   = 2
)

// marshalStatus serializes a status. Package proto refuses text that is not UTF-8,
// but servers send it, each in its own way. So it is recorded byte for byte, and a
// replay is sent in the same way. The result is never empty, which would stand for
// success.
func marshalStatus(status *spb.Status) []byte {
	raw := protowire.AppendTag(nil, statusCode, protowire.VarintType)
	raw = protowire.AppendVarint(raw, uint64(int64(status.GetCode())))
	raw = protowire.AppendTag(raw, statusMessage, protowire.BytesType)
	raw = protowire.AppendString(raw, status.GetMessage())
	for _, detail := range status.GetDetails() {
		packed := protowire.AppendTag(nil, detailType, protowire.BytesType)
		packed = protowire.AppendString(packed, detail.GetTypeUrl())
		packed = protowire.AppendTag(packed, detailValue, protowire.BytesType)
		packed = protowire.AppendBytes(packed, detail.GetValue())
		raw = protowire.AppendTag(raw, statusDetails, protowire.BytesType)
		raw = protowire.AppendBytes(raw, packed)
	}
	return raw
}

// unmarshalStatus decodes what marshalStatus wrote.
func unmarshalStatus(raw []byte) (*spb.Status, error) {
	status := new(spb.Status)
	err := eachField(raw, func(number protowire.Number, varint uint64, bytes []byte) (err error) {
		switch number {
		case statusCode:
			status.Code = int32(varint)
		case statusMessage:
			status.Message = string(bytes)
		case statusDetails:
			var detail *anypb.Any
			detail, err = unmarshalAny(bytes)
			status.Details = append(status.Details, detail)
		}
		return err
	})
	return status, err
}

func unmarshalAny(raw []byte) (*anypb.Any, error) {
	packed := new(anypb.Any)
	err := eachField(raw, func(number protowire.Number, _ uint64, bytes []byte) error {
		switch number {
		case detailType:
			packed.TypeUrl = string(bytes)
		case detailValue:
			packed.Value = append([]byte{}, bytes...)
		}
		return nil
	})
	return packed, err
}

// eachField visits the varint and bytes fields of a message. For each, the value of
// the other type is zero.
func eachField(raw []byte, visit func(protowire.Number, uint64, []byte) error) error {
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return protowire.ParseError(n)
		}
		raw = raw[n:]
		var varint uint64
		var bytes []byte
		switch kind {
		case protowire.VarintType:
			varint, n = protowire.ConsumeVarint(raw)
		case protowire.BytesType:
			bytes, n = protowire.ConsumeBytes(raw)
		default:
			n = protowire.ConsumeFieldValue(number, kind, raw)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		raw = raw[n:]
		if err := visit(number, varint, bytes); err != nil {
			return err
		}
	}
	return nil
}
