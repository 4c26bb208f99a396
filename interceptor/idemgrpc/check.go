package idemgrpc

import (
	"slices"

	"google.golang.org/grpc"

	"github.com/oncewire/idempotency/interceptor/internal/rpc"
)

// Operations returns the methods of a server, for [idempotency.Engine.Check]. Call
// it after the services have been registered. The error names every invalid option
// (idempotency.v1.method) in the schemas of the methods.
func Operations(server *grpc.Server) ([]string, error) {
	operations := []string{}
	for service, info := range server.GetServiceInfo() {
		for _, method := range info.Methods {
			operations = append(operations, "/"+service+"/"+method.Name)
		}
	}
	slices.Sort(operations)
	return operations, rpc.CheckSchema(operations)
}
