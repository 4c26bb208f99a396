package rpc

import (
	"errors"
	"fmt"
	"strings"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/internal/fieldnames"
	"github.com/oncewire/idempotency/internal/retry"
)

// ClientConfig is what the client options of both interceptors set.
type ClientConfig struct {
	KeyField   string
	RequestIDs bool // also fill request_id (AIP-155) and UUID4 fields (AIP-4235)
	Retries    retry.Policy
}

// configureClient applies the options. The error joins everything that is invalid,
// each with the name of the interceptor's package.
func configureClient[Option ~func(*ClientConfig)](name string, options []Option) (ClientConfig, error) {
	config := ClientConfig{KeyField: idempotency.DefaultKeyField, Retries: retry.Default()}
	var problems []error
	for i, option := range options {
		if option == nil {
			problems = append(problems, fmt.Errorf("%s: client option %d is nil", name, i+1))
			continue
		}
		option(&config)
	}
	if !isKeyField(config.KeyField) {
		problems = append(problems, fmt.Errorf("%s: key field %q is not the name of a text field in metadata", name, config.KeyField))
	}
	if err := config.Retries.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("%s: %w", name, err))
	}
	return config, errors.Join(problems...)
}

// isKeyField accepts no name that gRPC uses itself or encodes in base64.
func isKeyField(name string) bool {
	name = strings.ToLower(name)
	return fieldnames.Valid(name) && !IsBinary(name) && !strings.HasPrefix(name, "grpc-")
}
