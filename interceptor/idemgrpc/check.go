package idemgrpc

import (
	"slices"

	"google.golang.org/grpc"
)

// Operations returns the methods of a server, for [idempotency.Engine.Check]. Call
// it after the services have been registered.
func Operations(server *grpc.Server) []string {
	operations := []string{}
	for service, info := range server.GetServiceInfo() {
		for _, method := range info.Methods {
			operations = append(operations, "/"+service+"/"+method.Name)
		}
	}
	slices.Sort(operations)
	return operations
}
