package canonical

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// mapEntries is a stack of the entries of the maps that are being written. The
// entries of a map are above those of the map that contains it.
type mapEntries struct {
	entries []mapEntry
	ranks   []mapRank // as many as entries; sorted
}

type mapEntry struct {
	key   protoreflect.MapKey
	value protoreflect.Value
}

// mapRank is the position of an entry. Ranks are sorted instead of entries because
// they are smaller, and most of them compare without their keys.
type mapRank struct {
	order uint64 // the first bytes of the key, or all of a number
	index int    // of the entry
}

// push adds the entries of a map, and returns the index of the first.
func (m *mapEntries) push(kind protoreflect.Kind, values protoreflect.Map) (base int) {
	base = len(m.entries)
	m.entries = slices.Grow(m.entries, values.Len())
	m.ranks = slices.Grow(m.ranks, values.Len())
	values.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		m.ranks = append(m.ranks, mapRank{keyOrder(kind, key), len(m.entries)})
		m.entries = append(m.entries, mapEntry{key, value})
		return true
	})
	m.sort(kind, base)
	return base
}

func (m *mapEntries) len() int { return len(m.entries) }

// at returns an entry by its position in the order of the keys.
func (m *mapEntries) at(i int) mapEntry { return m.entries[m.ranks[i].index] }

// truncate removes the entries from base on. They are cleared, since the pool must
// not retain a message.
func (m *mapEntries) truncate(base int) {
	clear(m.entries[base:])
	m.entries, m.ranks = m.entries[:base], m.ranks[:base]
}

// sort orders the ranks of the entries from base on.
func (m *mapEntries) sort(kind protoreflect.Kind, base int) {
	slices.SortFunc(m.ranks[base:], func(a, b mapRank) int {
		if a.order != b.order || kind != protoreflect.StringKind {
			return cmp.Compare(a.order, b.order)
		}
		return strings.Compare(m.entries[a.index].key.String(), m.entries[b.index].key.String())
	})
}

// keyOrder returns a number that sorts like the key.
func keyOrder(kind protoreflect.Kind, key protoreflect.MapKey) uint64 {
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
