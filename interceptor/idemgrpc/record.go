package idemgrpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/interceptor/internal/rpc"
	"github.com/oncewire/idempotency/internal/outcome"
)

// call is one guarded call and what its handler answered.
type call struct {
	guard

	method    *rpc.Method
	operation string
	request   any
	handler   grpc.UnaryHandler

	response any
	failure  error
}

// run runs the handler and makes a record of its answer.
func (c *call) run(ctx context.Context) idempotency.Answer {
	ctx, said := listen(ctx)
	c.response, c.failure = c.handler(ctx, c.request)
	headers, trailers := said.fields()
	if c.failure == nil {
		return c.Success(c.operation, c.response, headers, trailers)
	}
	return c.Failure(c.operation, statusOf(c.failure).Proto(), headers, trailers)
}

// statusOf reads an error as grpc-go does when it sends it.
func statusOf(err error) *status.Status {
	if s, ok := status.FromError(err); ok {
		return s
	}
	return status.FromContextError(err)
}

// replay says again what the recorded handler said.
func (c *call) replay(ctx context.Context, raw []byte) (any, error) {
	replay, err := c.Replay(ctx, c.operation, c.method, raw)
	if err != nil {
		return nil, refusal(err, c.operation)
	}
	if err := c.say(ctx, &replay); err != nil {
		return nil, err
	}
	if replay.Status != nil {
		return nil, status.FromProto(replay.Status).Err()
	}
	return replay.Message, nil
}

// say sets the metadata, if there is a stream to set it on.
func (c *call) say(ctx context.Context, replay *rpc.Replay) error {
	stream := grpc.ServerTransportStreamFromContext(ctx)
	if stream == nil {
		return nil
	}
	failed := replay.Status != nil // its mark goes into the trailers: see the package documentation
	if err := stream.SetHeader(c.metadata(&replay.Headers, !failed)); err != nil {
		return err
	}
	return stream.SetTrailer(c.metadata(&replay.Trailers, failed))
}

func (c *call) metadata(fields *outcome.Fields, marked bool) metadata.MD {
	if fields.Len() == 0 && !marked {
		return nil
	}
	md := make(metadata.MD, fields.Len()+1)
	fields.CopyTo(md)
	if marked {
		md[c.ReplayedField] = c.Mark
	}
	return md
}
