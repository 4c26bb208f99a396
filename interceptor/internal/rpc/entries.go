package rpc

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// mapScratch holds the entries of the maps that are being written: those of a
// map lie behind those of the map that it is in.
type mapScratch struct {
	entries []entry
	ranks   []rank // as many as entries
}

type entry struct {
	key   protoreflect.MapKey
	value protoreflect.Value
}

// rank says where an entry goes. Ranks are sorted instead of entries because
// they are smaller, and compared without a look at the key in most cases.
type rank struct {
	first uint64 // the first bytes of the key, or all of a number
	index int    // of the entry
}

// entries writes a map in the order of its keys.
func (c *canonical) entries(field *field, values protoreflect.Map) {
	base := len(c.maps.entries)
	c.maps.entries = slices.Grow(c.maps.entries, values.Len())
	c.maps.ranks = slices.Grow(c.maps.ranks, values.Len())
	values.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		c.maps.add(field.key.kind, entry{key, value})
		return true
	})
	c.maps.sort(field.key.kind, base)
	for i := len(c.maps.ranks) - 1; i >= base; i-- {
		each := c.maps.entries[c.maps.ranks[i].index]
		since := c.len()
		c.tagged(field.value, each.value)
		c.tagged(field.key, each.key.Value())
		c.wrap(field.tag, since)
	}
	clear(c.maps.entries[base:]) // the pool must not keep the message
	c.maps.entries, c.maps.ranks = c.maps.entries[:base], c.maps.ranks[:base]
}

func (m *mapScratch) add(kind protoreflect.Kind, added entry) {
	m.ranks = append(m.ranks, rank{first(kind, added.key), len(m.entries)})
	m.entries = append(m.entries, added)
}

// sort orders the ranks of the entries from base on.
func (m *mapScratch) sort(kind protoreflect.Kind, base int) {
	slices.SortFunc(m.ranks[base:], func(a, b rank) int {
		if a.first != b.first || kind != protoreflect.StringKind {
			return cmp.Compare(a.first, b.first)
		}
		return strings.Compare(m.entries[a.index].key.String(), m.entries[b.index].key.String())
	})
}

// first is a number that is in the order of the keys.
func first(kind protoreflect.Kind, key protoreflect.MapKey) uint64 {
	switch kind {
	case protoreflect.StringKind:
		var bytes [8]byte
		copy(bytes[:], key.String())
		return binary.BigEndian.Uint64(bytes[:])
	case protoreflect.BoolKind:
		return protowire.EncodeBool(key.Bool())
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		return key.Uint()
	default: // signed
		return uint64(key.Int()) ^ 1<<63
	}
}
