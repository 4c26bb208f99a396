package idemgrpc

import (
	"slices"

	"google.golang.org/grpc"
)

// Operations lists the methods of a server whose services have been registered,
// for [idempotency.Engine.Check].
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
