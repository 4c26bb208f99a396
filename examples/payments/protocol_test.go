package main

import (
	"context"
	"testing"

	"connectrpc.com/connect"
)

// client makes calls over one protocol.
type client interface {
	create(ctx context.Context, call call) answer
}

// protocol is a way to call a server.
type protocol struct {
	name string
	dial func(*testing.T, *testServer) client
}

var protocols = []protocol{
	{"REST", dialREST},
	{"ConnectJSON", dialConnect(connect.WithProtoJSON())},
	{"ConnectProto", dialConnect()},
	{"GRPCWeb", dialConnect(connect.WithGRPCWeb())},
	{"GRPCByConnect", dialConnect(connect.WithGRPC())},
	{"GRPC", dialGRPC},
}

// protocolTest is a test over one protocol, with a server of its own.
type protocolTest struct {
	*testing.T
	*testServer

	client client
}

func (t protocolTest) create(call call) answer { return t.client.create(t.Context(), call) }

// eachProtocol runs a test over every protocol.
func eachProtocol(t *testing.T, change func(*config), test func(protocolTest)) {
	t.Helper()
	t.Parallel()
	for _, p := range protocols {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, change)
			test(protocolTest{t, s, p.dial(t, s)})
		})
	}
}
