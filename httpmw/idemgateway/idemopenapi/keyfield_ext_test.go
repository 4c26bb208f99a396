package idemopenapi_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoregistry"

	bookingsv1 "github.com/oncewire/idempotency/gen/bookings/v1"
	"github.com/oncewire/idempotency/httpmw/idemgateway/idemopenapi"
)

// TestKeyInTheMessageNeedsNoHeader, while a call without any key is still refused.
func TestKeyInTheMessageNeedsNoHeader(t *testing.T) {
	schema := new(protoregistry.Files)
	if err := schema.RegisterFile(bookingsv1.File_bookings_v1_bookings_proto); err != nil {
		t.Fatal(err)
	}
	var files idemopenapi.Files = schema
	operation := annotate(t, one("post", "BookingService_CreateBooking"), files).Paths["/p"]["post"]
	if len(operation.Parameters) != 1 || operation.Parameters[0].Required {
		t.Errorf("parameters: %+v", operation.Parameters)
	}
	if !strings.Contains(operation.Responses["400"].Description, "KEY_MISSING") {
		t.Errorf("400 is %q", operation.Responses["400"].Description)
	}
}
