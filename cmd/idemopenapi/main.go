// Command idemopenapi adds to the OpenAPI document of a gateway what clients must know about
// idempotency keys: the header parameter, the marker of replays, and the refusals. See package
// httpmw/idemgateway/idemopenapi.
//
//	go install github.com/oncewire/idempotency/cmd/idemopenapi@latest
//
//	buf build -o schema.binpb       # or: protoc --include_imports --descriptor_set_out=schema.binpb …
//	idemopenapi -descriptors schema.binpb payments.swagger.json >openapi.json
//
// Without a file it reads the document from standard input. It writes the result to standard output,
// and nothing if it fails.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/oncewire/idempotency"
	"github.com/oncewire/idempotency/httpmw/idemgateway/idemopenapi"
)

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string, input io.Reader, output, usage io.Writer) error {
	var descriptors, keyField, replayedField string
	mode := idempotency.KeyOptional
	flags := flag.NewFlagSet("idemopenapi", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&descriptors, "descriptors", "", "`file` with the schema as a google.protobuf.FileDescriptorSet, imports included")
	flags.StringVar(&keyField, "key-field", idempotency.DefaultKeyField, "`name` of the header field of the key")
	flags.StringVar(&replayedField, "replayed-field", idempotency.DefaultReplayedField, "`name` of the header field that marks a replay")
	flags.Func("default", "key mode of methods whose schema sets none: `optional`, required or ignored (default \"optional\")", keyMode(&mode))
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 1 || descriptors == "" {
		return errors.New("idemopenapi: -descriptors and at most one document are needed")
	}
	files, err := readSchema(descriptors)
	if err != nil {
		return err
	}
	document, err := readDocument(flags.Arg(0), input)
	if err != nil {
		return err
	}
	annotated, err := idemopenapi.Annotate(document, files, idemopenapi.WithKeyField(keyField),
		idemopenapi.WithReplayedField(replayedField), idemopenapi.WithDefaultKeyMode(mode))
	if err != nil {
		return err
	}
	_, err = output.Write(annotated)
	return err
}

// keyMode returns a function that sets the mode from the text of a flag.
func keyMode(mode *idempotency.KeyMode) func(string) error {
	modes := map[string]idempotency.KeyMode{
		"optional": idempotency.KeyOptional, "required": idempotency.KeyRequired, "ignored": idempotency.KeyIgnored,
	}
	return func(name string) error {
		named, ok := modes[name]
		if !ok {
			return errors.New("must be optional, required or ignored")
		}
		*mode = named
		return nil
	}
}

func readSchema(name string) (*protoregistry.Files, error) {
	data, err := os.ReadFile(name) //nolint:gosec // the file that the user names
	if err != nil {
		return nil, err
	}
	set := new(descriptorpb.FileDescriptorSet)
	if err := proto.Unmarshal(data, set); err != nil {
		return nil, fmt.Errorf("idemopenapi: %s: %w", name, err)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("idemopenapi: %s: %w", name, err)
	}
	return files, nil
}

// readDocument reads the file, or standard input if the name is empty.
func readDocument(name string, input io.Reader) ([]byte, error) {
	if name == "" {
		return io.ReadAll(input)
	}
	return os.ReadFile(name) //nolint:gosec // the file that the user names
}
