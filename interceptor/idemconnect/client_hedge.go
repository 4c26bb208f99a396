package idemconnect

import (
	"context"
	"maps"
	"net/http"
	"reflect"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/oncewire/idempotency/internal/retry"
)

// hedgedCall is a call whose tries run concurrently. The losing try may go on after
// the end of the call, so the tries share no memory with the caller.
type hedgedCall struct {
	next      connect.UnaryFunc
	prototype isolated    // never changed
	header    http.Header // never changed
	infos     *callInfos
}

// hedgedTry is a try and what came of it.
type hedgedTry struct {
	clientAnswer

	request isolated
	info    connect.CallInfo
}

// race sends the call with hedging, if its request can be copied.
func race(ctx context.Context, retries *retry.Client, call *clientCall) (connect.AnyResponse, error) {
	prototype, ok := isolate(call.request, call.message)
	if !ok {
		return send(ctx, retries, call)
	}
	hedged := &hedgedCall{next: call.next, prototype: prototype, header: call.copied(1).Header(), infos: new(callInfos)}
	won, release := retry.Race(ctx, retries, hedged)
	defer release()
	hedged.infos.deliver(won.info)
	won.request.deliver(call.request)
	return won.response, won.err
}

// Try implements [retry.Call].
func (c *hedgedCall) Try(ctx context.Context, _ int) (*hedgedTry, retry.Advice) {
	t := new(hedgedTry)
	t.request = c.prototype.copy()
	ctx, t.info = c.infos.own(ctx)
	t.response, t.err = c.next(ctx, &tryRequest{t.request.AnyRequest, maps.Clone(c.header), t.request.Any()})
	return t, advise(ctx, t.err)
}

// Discard implements [retry.Call].
func (*hedgedCall) Discard(*hedgedTry) {}

// isolated is a copy of a request, with a message of its own.
type isolated struct {
	connect.AnyRequest

	value reflect.Value // the connect.Request
}

// isolate returns a copy of a *connect.Request with a copy of the protobuf message
// that it sends, or false for another request. Only reflection can copy what
// connect-go itself sets in it.
func isolate(request connect.AnyRequest, sent any) (isolated, bool) {
	pointer := reflect.ValueOf(request)
	if pointer.Kind() != reflect.Pointer || pointer.Elem().Kind() != reflect.Struct {
		return isolated{}, false
	}
	message, isMessage := sent.(proto.Message)
	field, exists := pointer.Elem().Type().FieldByName("Msg")
	if !isMessage || !exists || len(field.Index) != 1 || field.Type != reflect.TypeOf(message) {
		return isolated{}, false
	}
	return copyRequest(pointer.Elem(), message), true
}

func copyRequest(request reflect.Value, message proto.Message) isolated {
	pointer := reflect.New(request.Type())
	pointer.Elem().Set(request)
	pointer.Elem().FieldByName("Msg").Set(reflect.ValueOf(proto.Clone(message)))
	copied, _ := reflect.TypeAssert[connect.AnyRequest](pointer)
	return isolated{copied, pointer.Elem()}
}

func (i isolated) copy() isolated {
	message, _ := i.Any().(proto.Message)
	return copyRequest(i.value, message)
}

// deliver copies what the try noted in its request, the HTTP method, to the
// caller's. Both have the same header.
func (i isolated) deliver(request connect.AnyRequest) {
	target := reflect.ValueOf(request).Elem()
	i.value.FieldByName("Msg").Set(target.FieldByName("Msg"))
	target.Set(i.value)
}
