package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	paymentsv1 "github.com/oncewire/idempotency/gen/payments/v1"
)

const document = `{"swagger":"2.0","paths":{"/p":{"post":{"operationId":"PaymentService_CreatePayment"}}}}`

// schema writes the descriptors of the example's service, imports included, and returns the file.
func schema(t *testing.T) string {
	t.Helper()
	file := paymentsv1.File_payments_v1_payments_proto
	set := new(descriptorpb.FileDescriptorSet)
	for i := range file.Imports().Len() {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file.Imports().Get(i)))
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	data, err := proto.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "schema.binpb", data)
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDocumentFromFileAndFromInput(t *testing.T) {
	descriptors := schema(t)
	var fromFile, fromInput, usage bytes.Buffer
	if err := run([]string{"-descriptors", descriptors, write(t, "p.json", []byte(document))}, nil, &fromFile, &usage); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-descriptors", descriptors}, strings.NewReader(document), &fromInput, &usage); err != nil {
		t.Fatal(err)
	}
	if fromFile.String() != fromInput.String() || !strings.Contains(fromFile.String(), `"name": "Idempotency-Key"`) {
		t.Errorf("%s\n%s", &fromFile, &fromInput)
	}
}

func TestFlags(t *testing.T) {
	descriptors := schema(t)
	for name, test := range map[string]struct {
		flags []string
		want  string // in the output
	}{
		"required":       {[]string{"-default", "required"}, `"required": true`},
		"optional":       {[]string{"-default", "optional"}, `"required": false`},
		"key field":      {[]string{"-key-field", "x-once"}, `"X-Once"`},
		"replayed field": {[]string{"-replayed-field", "x-again"}, `"X-Again"`},
	} {
		var output, usage bytes.Buffer
		input := strings.Replace(document, `Payment"`, `Payment","responses":{"200":{}}`, 1)
		err := run(append(test.flags, "-descriptors", descriptors), strings.NewReader(input), &output, &usage)
		if err != nil || !strings.Contains(output.String(), test.want) {
			t.Errorf("%s: %v\n%s", name, err, &output)
		}
	}
	var output, usage bytes.Buffer
	err := run([]string{"-default", "ignored", "-descriptors", descriptors}, strings.NewReader(document), &output, &usage)
	if err != nil || strings.Contains(output.String(), "Idempotency-Key") {
		t.Errorf("ignored: %v\n%s", err, &output)
	}
}

func TestErrorsWriteNothing(t *testing.T) {
	descriptors := schema(t)
	incomplete, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		protodesc.ToFileDescriptorProto(paymentsv1.File_payments_v1_payments_proto),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, arguments := range map[string][]string{
		"no schema":      {},
		"missing schema": {"-descriptors", "no-such-file"},
		"broken schema":  {"-descriptors", write(t, "x", []byte("\xff"))},
		"no imports":     {"-descriptors", write(t, "x", incomplete)},
		"two documents":  {"-descriptors", descriptors, "a", "b"},
		"no document":    {"-descriptors", descriptors, "no-such-file"},
		"empty document": {"-descriptors", descriptors},
		"other mode":     {"-descriptors", descriptors, "-default", "maybe"},
	} {
		var output, usage bytes.Buffer
		if err := run(arguments, strings.NewReader(""), &output, &usage); err == nil || output.Len() > 0 {
			t.Errorf("%s: %v, %s", name, err, &output)
		}
	}
	var output, usage bytes.Buffer
	if err := run([]string{"-h"}, nil, &output, &usage); !errors.Is(err, flag.ErrHelp) || !strings.Contains(usage.String(), "-descriptors file") {
		t.Errorf("%v %s", err, &usage)
	}
}
