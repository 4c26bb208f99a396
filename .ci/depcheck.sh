#!/usr/bin/env bash
# Proves, from `go list -deps`, what each package makes its users compile: the direction of the
# dependencies in docs/architecture.md. The imports of test files do not count.
set -euo pipefail
cd "$(dirname "$0")/.."

module=$(go list -m)
readonly module
readonly grpc=google.golang.org/grpc connect=connectrpc.com connect2=connectrpc.com/connect/v2 vanguard=connectrpc.com/vanguard redis=github.com/redis postgres=github.com/jackc
readonly gateway=github.com/grpc-ecosystem/grpc-gateway
readonly otel=go.opentelemetry.io prometheus=github.com/prometheus
# The API of OpenTelemetry with its own imports. auto/sdk is not an SDK but the interface for an
# agent outside the process.
readonly otel_api=("$otel/otel" "$otel/auto/sdk" github.com/go-logr github.com/cespare/xxhash)
# What each program chooses: SDK, exporters and instrumentation.
readonly otel_program=("$otel/otel/sdk" "$otel/otel/exporters" "$otel/contrib" "$prometheus")
failed=0

# fail MESSAGE: prints the message and continues, so that one run shows every failure.
fail() {
  echo "FAIL  $*"
  failed=1
}

# path FOLDER: the import path of a folder of this module.
path() {
  if [[ $1 == . ]]; then echo "$module"; else echo "$module/${1#./}"; fi
}

# within_any PACKAGE PREFIX...: whether PACKAGE is some PREFIX or below it. google.golang.org/grpcx
# is not within google.golang.org/grpc.
within_any() {
  local package=$1 prefix
  shift
  for prefix in "$@"; do
    if [[ $package == "$prefix" || $package == "$prefix"/* ]]; then return 0; fi
  done
  return 1
}

# standard PACKAGE: whether it belongs to the standard library, where the first element of a path has
# no dot.
standard() {
  [[ ${1%%/*} != *.* ]]
}

# report FOLDER RULE [PACKAGE...]: reports that the folder obeys the rule, or the packages that break it.
report() {
  local folder=$1 rule=$2
  shift 2
  if (($# == 0)); then
    echo "ok    $folder compiles $rule"
  else
    fail "$folder should compile $rule, but compiles: $*"
  fi
}

# only FOLDER [PREFIX...]: FOLDER compiles the standard library, itself and what is within a PREFIX.
only() {
  local folder=$1 self listed package
  local -a bad=()
  shift
  self=$(path "$folder")
  listed=$(go list -deps "$folder") || { fail "$folder cannot be listed"; return; }
  for package in $listed; do
    standard "$package" || [[ $package == "$self" ]] || within_any "$package" "$@" || bad+=("$package")
  done
  report "$folder" "nothing but the standard library${*:+ and $*}" "${bad[@]}"
}

# never FOLDER PREFIX...: FOLDER compiles nothing within any PREFIX.
never() {
  local folder=$1 listed package
  local -a bad=()
  shift
  listed=$(go list -deps "$folder") || { fail "$folder cannot be listed"; return; }
  for package in $listed; do
    if within_any "$package" "$@"; then bad+=("$package"); fi
  done
  report "$folder" "nothing of $*" "${bad[@]}"
}

# connect_only FOLDER PREFIX: of connectrpc.com, FOLDER compiles only what is within PREFIX.
connect_only() {
  local folder=$1 prefix=$2 listed package
  local -a bad=()
  listed=$(go list -deps "$folder") || { fail "$folder cannot be listed"; return; }
  for package in $listed; do
    if within_any "$package" "$connect" && ! within_any "$package" "$prefix"; then bad+=("$package"); fi
  done
  report "$folder" "nothing of $connect but $prefix" "${bad[@]}"
}

# for_tests PACKAGE: whether only tests use PACKAGE, which its name shows.
for_tests() {
  [[ $1 == "$module"/*test || $1 == "$module"/*test/* ]]
}

only . "$module/backend" "$module/internal"
only ./backend
only ./backend/memstore "$module"
never ./interceptor/idemconnect "$grpc" "$connect2" "$gateway" "$redis" "$postgres"
never ./interceptor/idemconnect2 "$grpc" "$gateway" "$redis" "$postgres"
connect_only ./interceptor/idemconnect2 "$connect2"
never ./interceptor/idemgrpc "$connect" "$gateway" "$redis" "$postgres"
never ./httpmw "$grpc" "$connect" "$gateway" "$redis" "$postgres"
never ./httpmw/idemgateway "$connect" "$redis" "$postgres"
# It is a handler on each side of Vanguard, and does not import it.
never ./httpmw/idemvanguard "$grpc" "$connect" "$gateway" "$redis" "$postgres"
never ./httpmw/idemgateway/idemopenapi "$grpc" "$connect" "$gateway/v2/runtime" "$redis" "$postgres"
only ./otelidem "$module" "${otel_api[@]}"
only ./idempotencytest "$module"
never ./idempotencytest "$module/backend/backendtest" "$module/gen" "$module/httpmw" "$module/interceptor"
never ./otelidem "$grpc" "$connect" "$gateway" "$redis" "$postgres" "${otel_program[@]}"
if [[ -d backend/redisstore ]]; then
  never ./backend/redisstore "$grpc" "$connect" "$gateway" "$postgres"
else
  echo "skip  ./backend/redisstore does not exist yet"
fi
only ./backend/pgstore "$module" "$postgres" golang.org/x/text golang.org/x/sync

# Every other package. A new package is checked without a line of its own here.
packages=$(go list ./...)
helpers=()
for package in $packages; do
  if for_tests "$package"; then helpers+=("$package"); fi
done
for package in $packages; do
  for_tests "$package" && continue
  folder=.${package#"$module"}
  case $folder in
    ./examples/*) never "$folder" testing "${helpers[@]}" ;;
    ./otelidem) never "$folder" testing "${helpers[@]}" "$redis" "$postgres" ;;
    ./backend/redisstore) never "$folder" testing "${helpers[@]}" "$postgres" "$otel" "$prometheus" ;;
    ./backend/pgstore) never "$folder" testing "${helpers[@]}" "$redis" "$otel" "$prometheus" ;;
    ./interceptor/idemconnect2 | ./gen/*connect2) never "$folder" testing "${helpers[@]}" "$redis" "$postgres" "$otel" "$prometheus" ;;
    *) never "$folder" testing "${helpers[@]}" "$connect2" "$vanguard" "$redis" "$postgres" "$otel" "$prometheus" ;;
  esac
done

# The tools have modules of their own, so that users of this module do not download them.
graph=$(go list -m -f '{{.Path}}' all)
for required in $graph; do
  if within_any "$required" github.com/bufbuild/buf github.com/golangci golang.org/x/perf; then
    fail "go.mod reaches $required"
  fi
done

if ((failed)); then
  echo "depcheck: FAILED"
  exit 1
fi
echo "depcheck: every rule holds"
