package idemconnect

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/oncewire/idempotency/internal/schema"
)

// Operations returns the methods of services, for [idempotency.Engine.Check]. The
// services are given by their full names, such as
// paymentsv1connect.PaymentServiceName. It fails for a service whose generated code
// is not linked in. The error names every invalid option of idempotency.v1 in
// the schemas of the methods.
func Operations(services ...string) ([]string, error) {
	operations := []string{}
	for _, name := range services {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			return nil, fmt.Errorf("idemconnect: service %q: %w", name, err)
		}
		service, ok := found.(protoreflect.ServiceDescriptor)
		if !ok {
			return nil, fmt.Errorf("idemconnect: %q is not a service", name)
		}
		for i := range service.Methods().Len() {
			operations = append(operations, "/"+name+"/"+string(service.Methods().Get(i).Name()))
		}
	}
	return operations, schema.Check(operations)
}
