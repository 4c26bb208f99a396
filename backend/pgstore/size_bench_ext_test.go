package pgstore_test

import "testing"

// BenchmarkTableSize reports the bytes of the table with its indexes for each of a
// million records of 300 bytes.
func BenchmarkTableSize(b *testing.B) {
	const records = 1_000_000
	for b.Loop() {
		d := own(b)
		d.storeRecords(b, records)
		b.ReportMetric(float64(d.query(b, "SELECT pg_total_relation_size('"+d.table()+"')"))/records, "B/record")
	}
}

// storeRecords stores finished records.
func (d database) storeRecords(b *testing.B, count int) {
	b.Helper()
	d.exec(b, `INSERT INTO %s SELECT key, gen_random_uuid(), 1, key || '\x01'::bytea, 2, false, now(), now() + '1 day', now() + '1 day', substr(v || v || v || v || v || v || v || v || v || v, 1, 300)
FROM (SELECT sha256(n::text::bytea) AS key, sha256((-n)::text::bytea) AS v FROM generate_series(1, $1::integer) AS n) AS r`, count)
}
