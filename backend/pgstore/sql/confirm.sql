-- Changes nothing. Its own commit waits, as every commit does, until what is older is as durable as
-- synchronous_commit asks for, also a commit whose wait was cancelled.
--
-- Parameters: key, token.
UPDATE "idempotency_records" SET watched = watched WHERE key = $1::bytea AND token = $2::uuid
