#!/usr/bin/env bash
# Installs protoc from the system's packages if it is missing. With NO_INSTALL set it only says so.
set -euo pipefail

quietly() { "$@" >/dev/null 2>&1; }

install() {
  [[ -z ${NO_INSTALL:-} ]] || return 1
  local root=()
  [[ $(id -u) == 0 ]] || root=(sudo -n)
  echo "protoc: installing it from the system's packages; set NO_INSTALL=1 to prevent that"
  if quietly command -v apt-get; then
    quietly "${root[@]}" apt-get update || true
    quietly "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends protobuf-compiler
  elif quietly command -v apk; then
    quietly "${root[@]}" apk add protoc
  elif quietly command -v dnf; then
    quietly "${root[@]}" dnf install -y protobuf-compiler
  elif quietly command -v brew; then
    quietly brew install protobuf
  else
    return 1
  fi
}

if ! quietly command -v protoc && ! { install && quietly command -v protoc; }; then
  echo "protoc: the tests need protoc in PATH: install protobuf-compiler (Debian, Ubuntu, Fedora) or protobuf (Homebrew)" >&2
  exit 1
fi
