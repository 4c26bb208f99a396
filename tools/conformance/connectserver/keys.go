package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"connectrpc.com/connect"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/tools/conformance/tally"
)

// keys stands around the guard and does what a client with keys does, as the
// suite's own client has none.
func keys(mode tally.Mode, counted *tally.Tally) connect.Interceptor {
	return connect.UnaryInterceptorFunc(func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			if mode != tally.Plain {
				request.Header().Set(idempotency.DefaultKeyField, idempotency.NewKey())
			}
			// A key on such a call is allowed, and means nothing.
			if request.Spec().IdempotencyLevel == connect.IdempotencyNoSideEffects {
				return next(ctx, request)
			}
			defer counted.Call()()
			response, err := next(ctx, request)
			if mode != tally.Replay {
				return response, err
			}
			if ctx.Err() != nil {
				counted.GiveUp()
				return response, err
			}
			return again(ctx, request, next)
		}
	})
}

// again makes a call that has been made. Its answer must be marked, and goes
// out without the mark, which the suite does not expect.
func again(ctx context.Context, request connect.AnyRequest, next connect.UnaryFunc) (connect.AnyResponse, error) {
	if info, ok := connect.CallInfoForHandlerContext(ctx); ok {
		clear(info.ResponseHeader())
		clear(info.ResponseTrailer())
	}
	response, err := next(ctx, request)
	fields := http.Header{}
	if failed, ok := errors.AsType[*connect.Error](err); ok {
		fields = failed.Meta()
	} else if err == nil {
		fields = response.Header()
	}
	if marks := fields[idempotency.DefaultReplayedField]; len(marks) != 1 || marks[0] != "true" {
		return nil, connect.NewError(connect.CodeInternal, fmt.Errorf("a replay has the marks %q", marks))
	}
	fields.Del(idempotency.DefaultReplayedField)
	return response, err
}
