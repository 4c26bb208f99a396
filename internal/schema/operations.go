package schema

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Operations returns the methods of services that are linked in, given by their full
// names. The adapter is the package that an error about a name names. The error also
// has what [Check] finds.
func Operations(adapter string, services []string) ([]string, error) {
	operations := []string{}
	for _, name := range services {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			return nil, fmt.Errorf("%s: service %q: %w", adapter, name, err)
		}
		service, ok := found.(protoreflect.ServiceDescriptor)
		if !ok {
			return nil, fmt.Errorf("%s: %q is not a service", adapter, name)
		}
		for i := range service.Methods().Len() {
			operations = append(operations, "/"+name+"/"+string(service.Methods().Get(i).Name()))
		}
	}
	return operations, Check(operations)
}
