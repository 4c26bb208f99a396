#!/usr/bin/env bash
# Makes gen/ from the schemas that connectrpc.com/conformance ships: what a server under test needs.
set -euo pipefail
cd "$(dirname "$0")/../.."

suite=$(go -C tools/conformance list -m -f '{{.Dir}}' connectrpc.com/conformance)
schemas=$suite/proto/connectrpc/conformance/v1
go tool -modfile=tools/buf/go.mod buf generate --template tools/conformance/buf.gen.yaml \
  --path "$schemas/config.proto" --path "$schemas/server_compat.proto" --path "$schemas/service.proto" \
  "$suite/proto"
