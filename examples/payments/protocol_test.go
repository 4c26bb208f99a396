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

// servers returns the changes of the flags with which a protocol has another server,
// by the name of a test.
func (p protocol) servers() map[string]func(*config) {
	servers := map[string]func(*config){p.name: func(*config) {}}
	if p.name != "REST" && p.name != "GRPC" {
		servers[p.name+"V2"] = func(c *config) { c.connect = "v2" }
	}
	return servers
}

// eachProtocol runs a test over every protocol, with every server for it. The change,
// which may be nil, is applied to the flags.
func eachProtocol(t *testing.T, change func(*config), test func(protocolTest)) {
	t.Helper()
	t.Parallel()
	for _, p := range protocols {
		for name, of := range p.servers() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := start(t, func(c *config) {
					of(c)
					if change != nil {
						change(c)
					}
				})
				test(protocolTest{t, s, p.dial(t, s)})
			})
		}
	}
}
