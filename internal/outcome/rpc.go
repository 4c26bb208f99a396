package outcome

import (
	"errors"

	"google.golang.org/protobuf/proto"
)

// errChanged is returned in place of an outcome with wrong lengths.
var errChanged = errors.New("outcome: the handler changes its message after returning it")

// RPC is the answer to an RPC, in the form to write.
type RPC struct {
	// Status is a serialized google.rpc.Status; nil for success.
	Status []byte
	// Message is the response of a successful call.
	Message  proto.Message
	Headers  map[string][]string
	Trailers map[string][]string
	// Stream is set for a server stream, and Messages are what it sent, serialized.
	Stream   bool
	Messages [][]byte
}

// Marshal returns the stored form of the answer. It serializes the message into the
// same buffer. Equal answers have equal bytes within one program.
func (r *RPC) Marshal() ([]byte, error) {
	var messageType string
	var messageSize int
	if r.Message != nil {
		messageType = string(r.Message.ProtoReflect().Descriptor().FullName())
		messageSize = proto.Size(r.Message)
	}
	size := sizeBytes(rpcStatus, len(r.Status)) +
		sizeBytes(rpcMessageType, len(messageType)) +
		sizeBytes(rpcMessage, messageSize) +
		sizeFields(rpcHeaders, r.Headers) +
		sizeFields(rpcTrailers, r.Trailers) +
		r.sizeStream()
	buffer := newEnvelope(outcomeRPC, size)
	buffer = appendBytes(buffer, rpcStatus, r.Status)
	buffer = appendBytes(buffer, rpcMessageType, messageType)
	buffer, err := appendMessage(buffer, r.Message, messageSize)
	if err != nil {
		return nil, err
	}
	buffer = appendFields(buffer, rpcHeaders, r.Headers)
	buffer = appendFields(buffer, rpcTrailers, r.Trailers)
	return r.appendStream(buffer), nil
}

func (r *RPC) sizeStream() (size int) {
	if !r.Stream {
		return 0
	}
	for _, message := range r.Messages {
		size += sizeBytes(rpcMessages, len(message))
	}
	return size + sizeVarint(rpcStream, 1)
}

func (r *RPC) appendStream(buffer []byte) []byte {
	if !r.Stream {
		return buffer
	}
	for _, message := range r.Messages {
		buffer = appendBytes(buffer, rpcMessages, message)
	}
	return appendVarint(buffer, rpcStream, 1)
}

func appendMessage(buffer []byte, message proto.Message, size int) ([]byte, error) {
	buffer = appendLength(buffer, rpcMessage, size)
	if message == nil {
		return buffer, nil
	}
	start := len(buffer)
	buffer, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(buffer, message)
	if err == nil && len(buffer)-start != size {
		err = errChanged
	}
	return buffer, err
}

// StoredRPC is the answer to an RPC, in its stored form. Its bytes must not be
// changed.
type StoredRPC struct {
	Status      []byte // empty for success
	MessageType string
	Message     []byte
	Headers     Fields
	Trailers    Fields
	Stream      bool
	Messages    [][]byte // of a stream
}

// ReadRPC reads what [RPC.Marshal] wrote. Every error wraps [ErrFormat].
func ReadRPC(raw []byte) (StoredRPC, error) {
	content, err := readEnvelope(raw, outcomeRPC)
	if err != nil {
		return StoredRPC{}, err
	}
	stored := StoredRPC{
		Headers:  Fields{message: content.message, number: rpcHeaders},
		Trailers: Fields{message: content.message, number: rpcTrailers},
	}
	for content.next() && content.err == nil {
		switch content.number {
		case rpcStatus:
			stored.Status = content.bytes()
		case rpcMessageType:
			stored.MessageType = text(content.bytes())
		case rpcMessage:
			stored.Message = content.bytes()
		case rpcHeaders:
			content.err = stored.Headers.count(content.bytes())
		case rpcTrailers:
			content.err = stored.Trailers.count(content.bytes())
		case rpcMessages:
			stored.Messages = append(stored.Messages, content.bytes())
		case rpcStream:
			stored.Stream = content.varint != 0
		}
	}
	return stored, content.err
}
