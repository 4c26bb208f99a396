package idemopenapi_test

import (
	"encoding/json"
	"testing"

	openapi "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-openapiv2/options"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	_ "google.golang.org/protobuf/types/known/emptypb" // the type of every message

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
	"github.com/oncewire/idempotency/httpmw/idemgateway/idemopenapi"
)

// rpc describes a method, whose messages are empty.
type rpc struct {
	name         string
	mode         idempotencyv1.KeyMode
	noSideEffect bool
	stream       bool
	operationID  string // of the annotation openapiv2_operation
}

// files returns a schema with a service in each package.
func files(t *testing.T, packages map[string][]rpc) *protoregistry.Files {
	t.Helper()
	registry := new(protoregistry.Files)
	for name, methods := range packages {
		service := &descriptorpb.ServiceDescriptorProto{Name: new("Shop")}
		for _, method := range methods {
			service.Method = append(service.Method, method.descriptor())
		}
		file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
			Name: new(name + ".proto"), Package: new(name), Dependency: []string{"google/protobuf/empty.proto"},
			Service: []*descriptorpb.ServiceDescriptorProto{service},
		}, protoregistry.GlobalFiles)
		if err != nil {
			t.Fatal(err)
		}
		if err := registry.RegisterFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return registry
}

func (r rpc) descriptor() *descriptorpb.MethodDescriptorProto {
	options := new(descriptorpb.MethodOptions)
	if r.mode != 0 {
		proto.SetExtension(options, idempotencyv1.E_Method, &idempotencyv1.MethodOptions{Key: r.mode})
	}
	if r.noSideEffect {
		options.IdempotencyLevel = descriptorpb.MethodOptions_NO_SIDE_EFFECTS.Enum()
	}
	if r.operationID != "" {
		proto.SetExtension(options, openapi.E_Openapiv2Operation, &openapi.Operation{OperationId: r.operationID})
	}
	return &descriptorpb.MethodDescriptorProto{
		Name: &r.name, Options: options, ServerStreaming: &r.stream,
		InputType: new(".google.protobuf.Empty"), OutputType: new(".google.protobuf.Empty"),
	}
}

// document is the part of an OpenAPI document that the tests look at.
type document struct {
	Paths       map[string]map[string]operation `json:"paths"`
	Definitions map[string]struct {
		Properties map[string]struct {
			Enum []string `json:"enum"`
		} `json:"properties"`
		Required []string `json:"required"`
	} `json:"definitions"`
}

type operation struct {
	Produces   []string `json:"produces"`
	Parameters []struct {
		Name     string `json:"name"`
		In       string `json:"in"`
		Type     string `json:"type"`
		Required bool   `json:"required"`
	} `json:"parameters"`
	Responses map[string]struct {
		Description string `json:"description"`
		Schema      struct {
			Ref string `json:"$ref"`
		} `json:"schema"`
		Headers map[string]any `json:"headers"`
	} `json:"responses"`
}

// one returns the text of a document with one operation.
func one(verb, operationID string) string {
	return `{"swagger":"2.0","produces":["application/json"],"paths":{"/p":{"` + verb + `":{"operationId":"` + operationID +
		`","responses":{"200":{"description":"ok"},"default":{"description":"error"}}}}}}`
}

func annotate(t *testing.T, text string, schema idemopenapi.Files, options ...idemopenapi.Option) document {
	t.Helper()
	annotated, err := idemopenapi.Annotate([]byte(text), schema, options...)
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(annotated, &d); err != nil {
		t.Fatal(err)
	}
	return d
}
