package canonical

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

func digest(t testing.TB, message proto.Message) [sha256.Size]byte {
	t.Helper()
	return new(Digester).Digest(message)
}

func form(message proto.Message) []byte {
	e := &encoder{plans: new(planCache)}
	e.root(message.ProtoReflect(), nil)
	return written(&e.out)
}

func written(w *writer) []byte {
	all := bytes.Clone(w.chunk[w.start:w.end])
	for _, each := range slices.Backward(w.parts) {
		all = append(append(all, each.bytes...), each.text...)
	}
	return all
}

func wideStruct(t *testing.T) *structpb.Struct {
	t.Helper()
	fields := map[string]any{}
	for _, n := range rand.Perm(40) {
		fields[string(rune('a'+n))] = []any{n, true, "x", nil, map[string]any{"inner": n, "outer": -n}}
	}
	message, err := structpb.NewStruct(fields)
	if err != nil {
		t.Fatal(err)
	}
	return message
}
