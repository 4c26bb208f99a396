package rpc

import (
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	idempotencyv1 "github.com/oncewire/idempotency/gen/idempotency/v1"
)

// plan is the order in which a message's fields are read.
type plan struct {
	fields     []protoreflect.FieldDescriptor // by number, less those left out
	extensible bool                           // may hold fields that are not listed
	any        bool                           // is a google.protobuf.Any
}

func (f *Fingerprinter) plan(message protoreflect.MessageDescriptor) *plan {
	if known, ok := f.plans.Load(message); ok {
		return known.(*plan) //nolint:forcetypeassert // nothing else is stored
	}
	made := newPlan(message)
	f.plans.Store(message, made)
	return made
}

func newPlan(message protoreflect.MessageDescriptor) *plan {
	made := &plan{
		extensible: message.ExtensionRanges().Len() > 0,
		any:        message.FullName() == "google.protobuf.Any",
	}
	list := message.Fields()
	for i := range list.Len() {
		if field := list.Get(i); !unfingerprinted(field) {
			made.fields = append(made.fields, field)
		}
	}
	slices.SortFunc(made.fields, byNumber)
	return made
}

func byNumber(a, b protoreflect.FieldDescriptor) int { return int(a.Number()) - int(b.Number()) }

// unfingerprinted reads the option (idempotency.v1.field).
func unfingerprinted(field protoreflect.FieldDescriptor) bool {
	options, ok := field.Options().(*descriptorpb.FieldOptions)
	if !ok {
		return false
	}
	ours, _ := proto.GetExtension(options, idempotencyv1.E_Field).(*idempotencyv1.FieldOptions)
	return ours.GetUnfingerprinted()
}

// withExtensions adds the extension fields that a message holds.
func (p *plan) withExtensions(message protoreflect.Message) []protoreflect.FieldDescriptor {
	fields := slices.Clone(p.fields)
	message.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if field.IsExtension() && !unfingerprinted(field) {
			fields = append(fields, field)
		}
		return true
	})
	slices.SortFunc(fields, byNumber)
	return fields
}
