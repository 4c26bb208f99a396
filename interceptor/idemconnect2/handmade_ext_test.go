package idemconnect2_test

import (
	"context"
	"errors"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/oncewire/idempotency"
	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

// TestHandlerBuiltByHand, for a schema without generated code: its messages are
// dynamic. The handler may use another type of Go for the same schema.
func TestHandlerBuiltByHand(t *testing.T) {
	schema, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("by/hand.proto"), Package: new("by"), Syntax: new("proto3"),
		Dependency: []string{"google/protobuf/struct.proto"},
		MessageType: []*descriptorpb.DescriptorProto{{Name: new("In"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: new("text"), Number: new(int32(1)),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
		}}}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: new("Hand"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: new("Make"), InputType: new(".by.In"), OutputType: new(".google.protobuf.Struct"),
		}}}},
	}, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	spec := connect.Spec{Procedure: "/by.Hand/Make", Schema: schema.Services().Get(0).Methods().Get(0)}
	for name, make1 := range map[string]func() proto.Message{
		"dynamic": func() proto.Message { return dynamicpb.NewMessage(schema.Messages().Get(0)) },
		"other":   func() proto.Message { return new(wrapperspb.StringValue) },
	} {
		runs := 0
		server := connect.NewServer(newGuard(t, newEngine(t)))
		server.Register(connect.Method{Spec: spec, Handler: func(_ context.Context, _ connect.Spec, stream connect.ServerStream) error {
			runs++
			in := make1()
			if err := stream.Receive(in); err != nil {
				return err
			}
			text := in.ProtoReflect().Get(in.ProtoReflect().Descriptor().Fields().ByNumber(1)).String()
			return stream.Send(&structpb.Struct{Fields: map[string]*structpb.Value{
				"a": structpb.NewNumberValue(1), "b": structpb.NewStringValue(text),
			}})
		}})
		served := serve(t, mounted(server))
		for protocol, options := range protocols {
			ctx, info := connect.NewClientContext(t.Context())
			info.RequestHeader().Set(keyField, "k")
			in, out := dynamicpb.NewMessage(schema.Messages().Get(0)), new(structpb.Struct)
			in.Set(in.Descriptor().Fields().ByNumber(1), protoreflect.ValueOfString("in"))
			if err := connect.NewClient(served.transport(options...)).CallUnary(ctx, spec, in, out); err != nil {
				t.Fatalf("%s, %s: %v", name, protocol, err)
			}
			if out.GetFields()["b"].GetStringValue() != "in" || len(out.GetFields()) != 2 {
				t.Errorf("%s, %s: %v", name, protocol, out)
			}
		}
		if runs != 1 {
			t.Errorf("%s: %d runs", name, runs)
		}
	}
}

// TestNoMessage: a handler that sends nothing ran, and there is nothing to replay.
func TestNoMessage(t *testing.T) {
	runs := 0
	server := newServer(new(service), newGuard(t, newEngine(t)), func(connect.ServerFunc) connect.ServerFunc {
		return func(context.Context, connect.Spec, connect.ServerStream) error { runs++; return nil }
	})
	client := clientsOf(serve(t, mounted(server)), server)["grpc"]
	if _, err := create(client, "k", nil); err == nil {
		t.Error("the first caller gets a message")
	}
	got, err := create(client, "k", nil)
	checkRefusal(t, got, err, connect.CodeFailedPrecondition, idempotency.ReasonOutcomeNotKept, false)
	if runs != 1 {
		t.Errorf("%d runs", runs)
	}
}

// TestSecondMessage of a unary handler is an error, and so is the answer.
func TestSecondMessage(t *testing.T) {
	runs := 0
	server := newServer(new(service), newGuard(t, newEngine(t)), func(connect.ServerFunc) connect.ServerFunc {
		return func(_ context.Context, _ connect.Spec, stream connect.ServerStream) error {
			runs++
			return errors.Join(stream.SendHeaders(), stream.Send(new(paymentsv1.Payment)), stream.Send(new(paymentsv1.Payment)))
		}
	})
	for _, protocol := range []string{"connect proto", "grpc", "in process"} {
		got, err := create(clientsOf(serve(t, mounted(server)), server)[protocol], "k", nil)
		if connect.CodeOf(err) != connect.CodeUnknown || got.marked() != (protocol != "connect proto") {
			t.Errorf("%s: %v, marked %t", protocol, err, got.marked())
		}
	}
	if runs != 1 {
		t.Errorf("%d runs", runs)
	}
}
