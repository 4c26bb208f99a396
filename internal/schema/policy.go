package schema

import (
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

// infrastructure lists the services that load balancers and tools call. They send
// no keys, and must not be required to.
var infrastructure = []string{
	"/grpc.health.v1.", "/grpc.reflection.", "/grpc.channelz.",
}

// Policy returns what the schema says about a method. The descriptor may be
// nil. If an option is invalid, the error says so, and the policy has the key mode
// alone: the other options inherit.
func Policy(procedure string, method protoreflect.MethodDescriptor) (idempotency.Policy, error) {
	for _, prefix := range infrastructure {
		if strings.HasPrefix(procedure, prefix) {
			return idempotency.Policy{Key: idempotency.KeyIgnored}, nil
		}
	}
	if HasNoSideEffects(method) {
		return idempotency.Policy{Key: idempotency.KeyIgnored}, nil
	}
	ours, _ := proto.GetExtension(methodOptions(method), idempotencyv1.E_Method).(*idempotencyv1.MethodOptions)
	policy := idempotency.Policy{
		Key:         keyModes[ours.GetKey()],
		Retention:   ours.GetRetention().AsDuration(),
		Lease:       ours.GetLease().AsDuration(),
		Wait:        ours.GetWait().AsDuration(),
		OnAbandoned: abandonPolicies[ours.GetOnAbandoned()],
		MaxMessages: int(min(ours.GetMaxMessages(), math.MaxInt32)),
	}
	if err := policy.Validate(); err != nil {
		return idempotency.Policy{Key: policy.Key}, fmt.Errorf("schema of %s: %w", procedure, err)
	}
	return policy, nil
}

var keyModes = map[idempotencyv1.KeyMode]idempotency.KeyMode{
	idempotencyv1.KeyMode_KEY_MODE_OPTIONAL: idempotency.KeyOptional,
	idempotencyv1.KeyMode_KEY_MODE_REQUIRED: idempotency.KeyRequired,
	idempotencyv1.KeyMode_KEY_MODE_IGNORED:  idempotency.KeyIgnored,
}

var abandonPolicies = map[idempotencyv1.AbandonPolicy]idempotency.AbandonPolicy{
	idempotencyv1.AbandonPolicy_ABANDON_POLICY_RETRY:  idempotency.Retry,
	idempotencyv1.AbandonPolicy_ABANDON_POLICY_REJECT: idempotency.Reject,
}
