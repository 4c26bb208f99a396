package idemopenapi_test

import (
	"strings"
	"testing"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/httpmw/idemgateway/idemopenapi"
)

const (
	required = idempotencyv1.KeyMode_KEY_MODE_REQUIRED
	ignored  = idempotencyv1.KeyMode_KEY_MODE_IGNORED
)

// TestOperationNamesItsMethod: in every form that protoc-gen-openapiv2 writes.
func TestOperationNamesItsMethod(t *testing.T) {
	schema := files(t, map[string][]rpc{"a": {
		{name: "Buy", mode: required, operationID: "orders.buy"}, {name: "Sell", mode: ignored},
		{name: "Pay2", mode: required}, {name: "Lend", mode: required}, {name: "Lend3", mode: required},
	}})
	for id, guarded := range map[string]bool{
		"Shop_Buy": true, "Shop_Buy2": true, "Shop_Buy12": true, "Buy": true, "Buy2": true, "orders.buy": true,
		"Shop_Sell": false, "Sell2": false, "Shop_Pay2": true, "Shop_Pay22": true, "Shop_Lend3": true,
	} {
		if got := len(annotate(t, one("post", id), schema).Paths["/p"]["post"].Parameters) == 1; got != guarded {
			t.Errorf("%s is guarded: %t", id, got)
		}
	}
}

func TestUnknownMethodIsAnError(t *testing.T) {
	schema := files(t, map[string][]rpc{"a": {{name: "Buy"}}})
	for _, id := range []string{"Shop_Sell", "Other_Buy", "shop_buy", "Shop_Buy_2", "2", ""} {
		if _, err := idemopenapi.Annotate([]byte(one("post", id)), schema); err == nil || !strings.Contains(err.Error(), "not in the schema") {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// TestAmbiguousMethod is an error only where the methods differ.
func TestAmbiguousMethod(t *testing.T) {
	same := files(t, map[string][]rpc{"a": {{name: "Buy", mode: required}}, "b": {{name: "Buy", mode: required}}})
	if d := annotate(t, one("post", "Shop_Buy"), same); !d.Paths["/p"]["post"].Parameters[0].Required {
		t.Error("the key is not required")
	}
	different := files(t, map[string][]rpc{"a": {{name: "Buy", mode: required}}, "b": {{name: "Buy"}}})
	if _, err := idemopenapi.Annotate([]byte(one("post", "Shop_Buy")), different); err == nil || !strings.Contains(err.Error(), "key modes differ") {
		t.Errorf("two packages: %v", err)
	}
	digit := files(t, map[string][]rpc{"a": {{name: "Buy", mode: required}, {name: "Buy2"}}})
	if _, err := idemopenapi.Annotate([]byte(one("post", "Shop_Buy2")), digit); err == nil || !strings.Contains(err.Error(), "key modes differ") {
		t.Errorf("a second route or a second method: %v", err)
	}
}
