package schema

import (
	"testing"

	"github.com/go-openapi/loads"
	"github.com/go-openapi/strfmt"
	"github.com/go-openapi/validate"
)

// TestOpenAPIDocumentIsValid checks the document of the example against the specification of OpenAPI
// 2.0.
func TestOpenAPIDocumentIsValid(t *testing.T) {
	t.Parallel()
	document, err := loads.Spec("../../examples/payments/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Spec(document, strfmt.Default); err != nil {
		t.Error(err)
	}
	for path, item := range document.Spec().Paths.Paths {
		if item.Post == nil && item.Patch == nil {
			t.Errorf("%s has no operation that takes a key", path)
		}
	}
}
