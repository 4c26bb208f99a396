package idemconnect

import (
	"context"
	"reflect"
	"sync"

	"connectrpc.com/connect"
)

// callInfos gives each try of a hedged call a call info of its own, if the caller
// has one ([connect.NewClientContext]): connect-go writes to it during a try. The
// caller's is found when connect-go looks it up, since its key is not exported.
type callInfos struct {
	once    sync.Once
	callers reflect.Value // the caller's call info, or zero
	before  reflect.Value // a copy of it from before the first try
}

// own returns a context for a try, and the try's call info.
func (c *callInfos) own(ctx context.Context) (context.Context, connect.CallInfo) {
	info := newInfo()
	return &infoContext{Context: ctx, infos: c, info: info}, info
}

// replace makes the try's call info a copy of the caller's. It is called by the
// first lookup of each try.
func (c *callInfos) replace(callers any, info connect.CallInfo) {
	c.once.Do(func() {
		c.callers = reflect.ValueOf(callers).Elem()
		c.before = reflect.New(c.callers.Type()).Elem()
		c.before.Set(c.callers)
	})
	if c.before.IsValid() {
		reflect.ValueOf(info).Elem().Set(c.before)
	}
}

// deliver copies the winning try's call info to the caller. A try that starts later
// does not read the caller's.
func (c *callInfos) deliver(won connect.CallInfo) {
	c.once.Do(func() {})
	if c.callers.IsValid() {
		c.callers.Set(reflect.ValueOf(won).Elem())
	}
}

// infoContext is the context of a try.
type infoContext struct {
	context.Context //nolint:containedctx // it is one

	infos *callInfos
	info  connect.CallInfo
	once  sync.Once
}

// Value returns the try's call info instead of the caller's.
func (c *infoContext) Value(key any) any {
	value := c.Context.Value(key)
	if value == nil || reflect.TypeOf(value) != infoType {
		return value
	}
	c.once.Do(func() { c.infos.replace(value, c.info) })
	return c.info
}

var infoType = reflect.TypeOf(newInfo())

func newInfo() connect.CallInfo {
	_, info := connect.NewClientContext(context.Background())
	return info
}
