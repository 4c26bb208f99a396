package main

import (
	"slices"
	"testing"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const serviceName = "payments.v1.PaymentService"

// port is a test at one port of a server.
type port struct {
	*testing.T

	url string
}

// eachPort runs a test at the port of connect-go and at that of grpc-go. The server
// requires a key and a tenant, which health checks and reflection do not send.
func eachPort(t *testing.T, test func(port)) {
	t.Helper()
	s := start(t, func(c *config) { c.require, c.tenantHeader = true, "X-Tenant" })
	t.Run("HTTP", func(t *testing.T) { test(port{t, "http://" + s.httpAddress}) })
	t.Run("GRPC", func(t *testing.T) { test(port{t, "http://" + s.grpcAddress}) })
}

func TestHealth(t *testing.T) {
	eachPort(t, func(t port) {
		client := grpchealth.NewClient(h2cClient(t.T), t.url, connect.WithGRPC())
		for _, service := range []string{"", serviceName} {
			answer, err := client.Check(t.Context(), &grpchealth.CheckRequest{Service: service})
			if err != nil || answer.Status != grpchealth.StatusServing {
				t.Errorf("%q: %v, %v", service, answer, err)
			}
		}
	})
}

func TestReflection(t *testing.T) {
	eachPort(t, func(t port) {
		stream := grpcreflect.NewClient(h2cClient(t.T), t.url, connect.WithGRPC()).NewStream(t.Context())
		defer stream.Close()
		names, err := stream.ListServices()
		if err != nil || !slices.Contains(names, protoreflect.FullName(serviceName)) {
			t.Errorf("services %v, %v", names, err)
		}
		files, err := stream.FileContainingSymbol(serviceName)
		if err != nil || len(files) == 0 || files[0].GetPackage() != "payments.v1" {
			t.Errorf("files %v, %v", files, err)
		}
	})
}
