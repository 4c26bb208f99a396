package idemopenapi_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/oncewire/idempotency"
	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/httpmw/idemgateway/idemopenapi"
)

func TestKeyModeDecides(t *testing.T) {
	const none, optional, required = "none", "optional", "required"
	byDefault := idemopenapi.WithDefaultKeyMode
	for name, test := range map[string]struct {
		method  rpc
		verb    string
		options []idemopenapi.Option
		want    string
	}{
		"required":                   {rpc{mode: idempotencyv1.KeyMode_KEY_MODE_REQUIRED}, "post", nil, required},
		"optional":                   {rpc{mode: idempotencyv1.KeyMode_KEY_MODE_OPTIONAL}, "post", nil, optional},
		"ignored":                    {rpc{mode: idempotencyv1.KeyMode_KEY_MODE_IGNORED}, "post", nil, none},
		"undecided post":             {rpc{}, "post", nil, optional},
		"undecided delete":           {rpc{}, "delete", nil, optional},
		"undecided get":              {rpc{}, "get", nil, none},
		"required get":               {rpc{mode: idempotencyv1.KeyMode_KEY_MODE_REQUIRED}, "get", nil, required},
		"no side effects":            {rpc{noSideEffect: true}, "post", nil, none},
		"required, no side effects":  {rpc{noSideEffect: true, mode: idempotencyv1.KeyMode_KEY_MODE_REQUIRED}, "post", nil, none},
		"stream":                     {rpc{stream: true, mode: idempotencyv1.KeyMode_KEY_MODE_REQUIRED}, "post", nil, none},
		"undecided, by default":      {rpc{}, "post", []idemopenapi.Option{byDefault(idempotency.KeyRequired), nil}, required},
		"undecided, ignored":         {rpc{}, "post", []idemopenapi.Option{byDefault(idempotency.KeyIgnored)}, none},
		"undecided get, by default":  {rpc{}, "get", []idemopenapi.Option{byDefault(idempotency.KeyRequired)}, none},
		"optional, other by default": {rpc{mode: idempotencyv1.KeyMode_KEY_MODE_OPTIONAL}, "post", []idemopenapi.Option{byDefault(idempotency.KeyRequired)}, optional},
	} {
		t.Run(name, func(t *testing.T) {
			test.method.name = "Buy"
			d := annotate(t, one(test.verb, "Shop_Buy"), files(t, map[string][]rpc{"a": {test.method}}), test.options...)
			operation := d.Paths["/p"][test.verb]
			if test.want == none {
				if len(operation.Parameters)+len(operation.Produces)+len(d.Definitions) != 0 || len(operation.Responses) != 2 {
					t.Errorf("annotated: %+v", d)
				}
				return
			}
			checkOperation(t, operation, test.want == required)
			if _, ok := d.Definitions["idempotencyProblem"]; !ok {
				t.Error("refusals are not defined")
			}
		})
	}
}

// checkOperation compares a guarded operation with what clients must know.
func checkOperation(t *testing.T, operation operation, required bool) {
	t.Helper()
	if len(operation.Parameters) != 1 {
		t.Fatalf("parameters: %+v", operation.Parameters)
	}
	if p := operation.Parameters[0]; p.Name != "Idempotency-Key" || p.In != "header" || p.Type != "string" || p.Required != required {
		t.Errorf("parameter: %+v", p)
	}
	if want := []string{"application/json", "application/problem+json"}; !slices.Equal(operation.Produces, want) {
		t.Errorf("produces %q", operation.Produces)
	}
	if got, want := slices.Sorted(maps.Keys(operation.Responses)), []string{"200", "400", "409", "422", "503", "default"}; !slices.Equal(got, want) {
		t.Fatalf("answers: %q", got)
	}
	for code, answer := range operation.Responses {
		refusal := code != "200" && code != "default"
		if _, marked := answer.Headers["Idempotent-Replayed"]; marked == refusal {
			t.Errorf("%s can be a replay: %t", code, marked)
		}
		if defined := answer.Schema.Ref == "#/definitions/idempotencyProblem"; defined != refusal {
			t.Errorf("%s is a problem: %t", code, defined)
		}
		if _, timed := answer.Headers["Retry-After"]; timed != (code == "409" || code == "503") {
			t.Errorf("%s has Retry-After: %t", code, timed)
		}
	}
	if missing := strings.Contains(operation.Responses["400"].Description, "KEY_MISSING"); missing != required {
		t.Errorf("a key can be missing: %t", missing)
	}
}

func TestFieldNames(t *testing.T) {
	d := annotate(t, one("post", "Shop_Buy"), files(t, map[string][]rpc{"a": {{name: "Buy"}}}),
		idemopenapi.WithKeyField("x-once"), idemopenapi.WithReplayedField("x-again"))
	operation := d.Paths["/p"]["post"]
	if operation.Parameters[0].Name != "X-Once" || operation.Responses["200"].Headers["X-Again"] == nil {
		t.Errorf("other names: %+v", operation)
	}
}

// TestDocumentWins: what the schema's own annotations wrote remains.
func TestDocumentWins(t *testing.T) {
	const text = `{"swagger":"2.0","paths":{"/p":{"post":{"operationId":"Shop_Buy","produces":["text/plain"],
		"parameters":[{"$ref":"#/parameters/x"},{"name":"idempotency-key","in":"header","type":"string","required":true}],
		"responses":{"200":{"$ref":"#/responses/x"},"201":{"headers":{"Idempotent-Replayed":{"type":"boolean"}}},"409":{"description":"mine"}}}}},
		"definitions":{"idempotencyProblem":{"type":"object","required":["mine"]}}}`
	schema := files(t, map[string][]rpc{"a": {{name: "Buy"}}})
	d := annotate(t, text, schema)
	operation := d.Paths["/p"]["post"]
	if len(operation.Parameters) != 2 || !operation.Parameters[1].Required {
		t.Errorf("parameters: %+v", operation.Parameters)
	}
	if !slices.Equal(operation.Produces, []string{"text/plain", "application/problem+json"}) {
		t.Errorf("produces %q", operation.Produces)
	}
	answers := operation.Responses
	if answers["200"].Headers != nil || answers["201"].Headers["Idempotent-Replayed"].(map[string]any)["type"] != "boolean" ||
		answers["409"].Description != "mine" || answers["409"].Headers != nil || answers["422"].Description == "" {
		t.Errorf("answers: %+v", answers)
	}
	if required := d.Definitions["idempotencyProblem"].Required; !slices.Equal(required, []string{"mine"}) {
		t.Errorf("definition: %q", required)
	}
}

func TestTwiceChangesNothing(t *testing.T) {
	schema := files(t, map[string][]rpc{"a": {{name: "Buy"}}})
	first, err := idemopenapi.Annotate([]byte(one("post", "Shop_Buy")), schema)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := idemopenapi.Annotate(first, schema); err != nil || string(second) != string(first) {
		t.Errorf("%v\n%s", err, second)
	}
}

// TestOtherPartsRemain: order, numbers and characters of what needs no key.
func TestOtherPartsRemain(t *testing.T) {
	const text = `{
  "swagger": "2.0",
  "z": "<a> & \"b\" \u003c é",
  "paths": {
    "/z": {
      "x-note": [
        1.50,
        {}
      ],
      "post": {
        "summary": "<i>",
        "operationId": "Shop_Look"
      }
    },
    "/a": {}
  },
  "a": 1e3
}
`
	got, err := idemopenapi.Annotate([]byte(text), files(t, map[string][]rpc{"a": {{name: "Look", noSideEffect: true}}}))
	if err != nil || string(got) != text {
		t.Errorf("%v\n%s", err, got)
	}
	if !json.Valid(got) {
		t.Error("not JSON")
	}
}

func TestOtherDocumentsAreErrors(t *testing.T) {
	for name, text := range map[string]string{
		"empty":         "",
		"no object":     `[]`,
		"broken":        `{"swagger":"2.0","paths":{`,
		"OpenAPI 3":     `{"openapi":"3.1.0","paths":{}}`,
		"paths":         `{"swagger":"2.0","paths":[]}`,
		"operation":     `{"swagger":"2.0","paths":{"/p":{"post":1}}}`,
		"no id":         `{"swagger":"2.0","paths":{"/p":{"post":{}}}}`,
		"parameters":    `{"swagger":"2.0","paths":{"/p":{"post":{"operationId":"Buy","parameters":{}}}}}`,
		"produces":      `{"swagger":"2.0","produces":1,"paths":{"/p":{"post":{"operationId":"Buy"}}}}`,
		"its responses": `{"swagger":"2.0","paths":{"/p":{"post":{"operationId":"Buy","responses":[]}}}}`,
	} {
		if got, err := idemopenapi.Annotate([]byte(text), files(t, map[string][]rpc{"a": {{name: "Buy"}}})); err == nil || !strings.HasPrefix(err.Error(), "idemopenapi: ") {
			t.Errorf("%s: %v, %s", name, err, got)
		}
	}
}
