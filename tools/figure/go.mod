module github.com/oncewire/idempotency/tools/figure

go 1.26.0
