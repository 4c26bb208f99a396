package idemgrpc

import (
	"slices"

	"google.golang.org/grpc"

	"github.com/oncewire/idempotency/internal/schema"
)

// Operations returns the methods of a server, for [idempotency.Engine.Check]. Call
// it after the services have been registered. The error names every invalid option
// of idempotency.v1 in the schemas of the methods.
func Operations(server *grpc.Server) ([]string, error) {
	operations := []string{}
	for service, info := range server.GetServiceInfo() {
		for _, method := range info.Methods {
			operations = append(operations, "/"+service+"/"+method.Name)
		}
	}
	slices.Sort(operations)
	return operations, schema.Check(operations)
}
