package idemgateway_test

import (
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"

	"github.com/oncewire/idempotency/httpmw/idemgateway"
)

func TestCheckDetectsAMuxThatDropsTheKey(t *testing.T) {
	if idemgateway.Check(runtime.NewServeMux()) == nil {
		t.Error("a mux without the options is not detected")
	}
	if err := idemgateway.Check(runtime.NewServeMux(idemgateway.ServeMuxOptions()...)); err != nil {
		t.Error(err)
	}
	other := idemgateway.WithKeyField("X-Once")
	if err := idemgateway.Check(runtime.NewServeMux(idemgateway.ServeMuxOptions(other)...), other); err != nil {
		t.Error(err)
	}
	if idemgateway.Check(runtime.NewServeMux(idemgateway.ServeMuxOptions()...), other) == nil {
		t.Error("a mux that forwards another field is not detected")
	}
}
