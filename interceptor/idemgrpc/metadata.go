package idemgrpc

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// said is what a handler says in headers and trailers.
type said interface {
	fields() (headers, trailers metadata.MD)
}

// listen has the handler's metadata noted. grpc-go's own stream can be asked
// for it before and after, which leaves the stream in place for those who look
// for it there, as grpc.SetSendCompressor does. Others are wrapped.
func listen(ctx context.Context) (context.Context, said) {
	switch stream := grpc.ServerTransportStreamFromContext(ctx).(type) {
	case nil:
		return ctx, silence{}
	case asked:
		return ctx, ask(stream)
	default:
		noted := &noted{ServerTransportStream: stream}
		return grpc.NewContextWithServerTransportStream(ctx, noted), noted
	}
}

type silence struct{}

func (silence) fields() (headers, trailers metadata.MD) { return nil, nil }

// asked is what the stream of grpc-go's transport can do.
type asked interface {
	grpc.ServerTransportStream
	Header() (metadata.MD, error)
	Trailer() metadata.MD
}

// answers is what a stream held before the handler, which outer interceptors
// have said and will say again when the call is replayed.
type answers struct {
	stream          asked
	header, trailer metadata.MD
}

func ask(stream asked) answers {
	header, _ := stream.Header() // the transport's never fails
	return answers{stream: stream, header: header, trailer: stream.Trailer()}
}

func (a answers) fields() (headers, trailers metadata.MD) {
	header, _ := a.stream.Header()
	return added(a.header, header), added(a.trailer, a.stream.Trailer())
}

// added takes the earlier values away, which stand first.
func added(before, after metadata.MD) metadata.MD {
	for name, earlier := range before {
		if later := after[name]; len(later) > len(earlier) {
			after[name] = later[len(earlier):]
		} else {
			delete(after, name)
		}
	}
	return after
}

// noted is a stream that notes what goes through it.
type noted struct {
	grpc.ServerTransportStream

	mu              sync.Mutex
	header, trailer metadata.MD
}

func (n *noted) SetHeader(md metadata.MD) error {
	err := n.ServerTransportStream.SetHeader(md)
	n.note(&n.header, md, err)
	return err
}

func (n *noted) SendHeader(md metadata.MD) error {
	err := n.ServerTransportStream.SendHeader(md)
	n.note(&n.header, md, err)
	return err
}

func (n *noted) SetTrailer(md metadata.MD) error {
	err := n.ServerTransportStream.SetTrailer(md)
	n.note(&n.trailer, md, err)
	return err
}

func (n *noted) note(all *metadata.MD, md metadata.MD, err error) {
	if err != nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	*all = metadata.Join(*all, md)
}

func (n *noted) fields() (headers, trailers metadata.MD) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.header.Copy(), n.trailer.Copy()
}
