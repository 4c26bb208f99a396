package schema

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/oncewire/idempotency"
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

// CheckRequestIDs returns an error for every operation in whose request message
// KeyField finds no key because several fields could be it. Operations that ignore keys
// have none.
func CheckRequestIDs(operations []string) error {
	var problems []error
	for _, operation := range operations {
		method := Method(operation, nil)
		if policy, _ := Policy(operation, method); method != nil && policy.Key != idempotency.KeyIgnored {
			problems = append(problems, checkRequestID(operation, method.Input()))
		}
	}
	return errors.Join(problems...)
}

func checkRequestID(operation string, request protoreflect.MessageDescriptor) error {
	candidates := uuid4Fields(request)
	if len(candidates) < 2 || KeyField(request, true) != nil {
		return nil
	}
	names := make([]string, len(candidates))
	for i, field := range candidates {
		names[i] = string(field.Name())
	}
	return fmt.Errorf("schema of %s: KeyRules.RequestID finds several fields of %s with the format UUID4, and takes none: %s; "+
		"mark the one that is the key with the option (idempotency.v1.field).key", operation, request.FullName(), strings.Join(names, ", "))
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
