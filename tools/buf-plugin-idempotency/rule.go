package main

import (
	"context"
	"slices"

	"buf.build/go/bufplugin/check"
	"buf.build/go/bufplugin/check/checkutil"
	"buf.build/go/bufplugin/info"
	"buf.build/go/bufplugin/option"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The keys of the options in buf.yaml.
const (
	prefixesOption   = "read_only_prefixes"
	configuredOption = "configured_methods"
)

var spec = &check.Spec{
	Rules: []*check.RuleSpec{{
		ID:      "IDEMPOTENCY_KEY_MODE",
		Default: true,
		Purpose: "Checks that every method with side effects says what it does with an idempotency key.",
		Type:    check.RuleTypeLint,
		Handler: checkutil.NewMethodRuleHandler(checkMethod, checkutil.WithoutImports()),
	}},
	Info: &info.Spec{
		Documentation: "Names methods with side effects that have no (idempotency.v1.method).key.",
	},
}

func checkMethod(
	_ context.Context, response check.ResponseWriter, request check.Request, method protoreflect.MethodDescriptor,
) error {
	exempt, err := isExempt(method, request.Options())
	if err != nil || exempt {
		return err
	}
	decided, err := hasKeyMode(method, request.FileDescriptors())
	if err != nil || decided {
		return err
	}
	response.AddAnnotation(
		check.WithDescriptor(method),
		check.WithMessagef("Method %q does not say what it does with an idempotency key: set "+
			"option (idempotency.v1.method).key, or idempotency_level = NO_SIDE_EFFECTS if it only reads.", method.Name()),
	)
	return nil
}

// isExempt reports whether the method needs no key mode.
func isExempt(method protoreflect.MethodDescriptor, options option.Options) (bool, error) {
	prefixes, err := option.GetStringSliceValue(options, prefixesOption)
	if err != nil {
		return false, err
	}
	if len(prefixes) == 0 {
		prefixes = defaultPrefixes
	}
	configured, err := option.GetStringSliceValue(options, configuredOption)
	if err != nil {
		return false, err
	}
	return method.IsStreamingClient() || method.IsStreamingServer() || hasNoSideEffects(method) ||
		isReadOnly(string(method.Name()), prefixes) || slices.Contains(configured, string(method.FullName())), nil
}

func hasNoSideEffects(method protoreflect.MethodDescriptor) bool {
	options, ok := method.Options().(*descriptorpb.MethodOptions)
	return ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}
