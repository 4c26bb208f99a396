// Package canonical digests protobuf messages by their meaning: two messages
// have the same digest if they mean the same, independent of the codec, the
// field order and the map order in which they arrived.
//
// The digest is SHA-256 of the canonical form, which is protobuf's wire format
// with one choice wherever the format allows several:
//
//   - fields are in the order of their numbers; unset fields are absent, and a
//     field without presence that has its zero value is unset
//   - lists of numbers are packed
//   - map entries are in the order of their keys, and have a key and a value
//   - groups are written as messages
//   - all NaNs of a type have the same bits
//   - unknown fields come last, in the order of their numbers
//   - fields marked (idempotency.v1.field).exclude_from_fingerprint are left out
//   - the field of the whole message that carries the key is left out, if the caller
//     names it
//
// The form is defined here and not by the protobuf library, whose deterministic
// output may change with its version. A field that is unknown today and known
// after an upgrade is written alike if its number is the highest, as that of a
// new field is. A change of the form needs a new fingerprint algorithm: records
// in stores would no longer match their retries.
package canonical
