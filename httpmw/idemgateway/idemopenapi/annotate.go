package idemopenapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/oncewire/idempotency"
)

// Files are the descriptors of the schema. [google.golang.org/protobuf/reflect/protoregistry.Files]
// implements it: its GlobalFiles has what is linked into the program, and
// [google.golang.org/protobuf/reflect/protodesc.NewFiles] reads a descriptor set, in which protoc and
// buf store a schema.
type Files interface {
	RangeFiles(visit func(protoreflect.FileDescriptor) bool)
}

// verbs are the members of a path item that are operations.
var verbs = []string{"get", "put", "post", "delete", "options", "head", "patch"}

var errVersion = errors.New("idemopenapi: the document is not OpenAPI 2.0, which protoc-gen-openapiv2 writes")

// Annotate returns the document with what clients must know about keys, indented by two spaces. It
// finds the method of an operation by its operationId: Service_Method, with a number behind it for
// additional bindings; Method, which the plugin's option simple_operation_ids writes; or what the
// annotation openapiv2_operation sets. An operation whose method is not in the files is an error,
// and so is one that can be of several methods with different key modes. The document is not
// changed.
func Annotate(document []byte, files Files, options ...Option) ([]byte, error) {
	root, err := parse(document)
	if err != nil {
		return nil, fmt.Errorf("idemopenapi: %w", err)
	}
	if root.text("swagger") != "2.0" {
		return nil, errVersion
	}
	a := annotator{config: newConfig(options), methods: index(files), produces: root.get("produces")}
	if err := a.annotate(&root); err != nil {
		return nil, fmt.Errorf("idemopenapi: %w", err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, root.encode(), "", "  "); err != nil {
		return nil, fmt.Errorf("idemopenapi: %w", err)
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}

type annotator struct {
	config

	methods  methods
	produces json.RawMessage // by the document; nil for none
	guarded  bool            // an operation
}

func (a *annotator) annotate(root *object) error {
	if root.get("paths") == nil {
		return nil
	}
	err := root.edit("paths", func(paths *object) error {
		for _, path := range *paths {
			if err := paths.edit(path.name, a.path); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !a.guarded {
		return err
	}
	return root.edit("definitions", func(definitions *object) error {
		definitions.add(problemName, problemSchema())
		return nil
	})
}

func (a *annotator) path(item *object) error {
	for _, m := range *item {
		if !slices.Contains(verbs, m.name) {
			continue
		}
		err := item.edit(m.name, func(operation *object) error { return a.operation(m.name, operation) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *annotator) operation(verb string, operation *object) error {
	id := operation.text("operationId")
	mode, err := a.methods.keyMode(id)
	if err != nil {
		return err
	}
	if mode == idempotency.KeyDefault && verb != "get" && verb != "head" {
		mode = a.defaultMode
	}
	if mode != idempotency.KeyOptional && mode != idempotency.KeyRequired {
		return nil
	}
	a.guarded = true
	required := mode == idempotency.KeyRequired
	if err := a.addParameter(operation, required && !a.methods.keyInMessage(id)); err != nil {
		return err
	}
	if err := a.addMediaType(operation); err != nil {
		return err
	}
	return operation.edit("responses", func(responses *object) error {
		return a.addResponses(responses, required)
	})
}
