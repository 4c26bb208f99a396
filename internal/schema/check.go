package schema

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Check returns an error for every operation whose schema has invalid options.
func Check(operations []string) error {
	var problems []error
	for _, operation := range operations {
		method := Method(operation, nil)
		_, err := Policy(operation, method)
		problems = append(problems, err)
		if method != nil {
			problems = append(problems, checkKeyFields(operation, method.Input())...)
		}
	}
	return errors.Join(problems...)
}

func checkKeyFields(operation string, request protoreflect.MessageDescriptor) (problems []error) {
	marked := 0
	for field := range fieldsOf(request) {
		if !isMarked(field) {
			continue
		}
		if marked++; marked == 2 {
			problems = append(problems, fmt.Errorf("schema of %s: %s has several fields with the option (idempotency.v1.field).key",
				operation, request.FullName()))
		}
		if !isText(field) {
			problems = append(problems, fmt.Errorf("schema of %s: %s has the option (idempotency.v1.field).key, and is not a single string",
				operation, field.FullName()))
		}
	}
	return problems
}
