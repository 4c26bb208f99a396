module github.com/oncewire/idempotency/tools/schema

go 1.26.0
