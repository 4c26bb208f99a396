package idemconnect2

import (
	"github.com/oncewire/idempotency/internal/schema"
)

// Operations returns the methods of services, for [idempotency.Engine.Check]. The
// services are given by their full names, such as
// paymentsv1connect.PaymentServiceName. It fails for a service whose generated code
// is not linked in. The error names every invalid option of idempotency.v1 in
// the schemas of the methods.
func Operations(services ...string) ([]string, error) {
	return schema.Operations("idemconnect2", services)
}
