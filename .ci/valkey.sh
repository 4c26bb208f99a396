#!/usr/bin/env bash
# Prints the path of valkey-server, and installs it first if the system has a package. On
# Debian 12 the package is in the backports of the configured mirror. Exits with 3 and a
# message on standard error if it cannot be installed.
set -euo pipefail

quietly() { "$@" >/dev/null 2>&1; }

backports() {
  . /etc/os-release
  [[ ${VERSION_CODENAME:-} == bookworm ]] || return 1
  local mirror
  mirror=$(apt-get indextargets --format '$(SITE) $(SUITE)' | awk '$2 ~ /stable$/ || $2 == "bookworm" { print $1; exit }')
  [[ -n $mirror ]] || return 1
  echo "deb $mirror bookworm-backports main" >/etc/apt/sources.list.d/idempotency-backports.list
  quietly apt-get update && quietly apt-get install -y -t bookworm-backports valkey-server
}

install() {
  [[ $(id -u) == 0 ]] && quietly command -v apt-get || return 1
  quietly apt-get update || true
  quietly apt-get install -y valkey-server || backports
}

quietly command -v valkey-server || install || true
if ! command -v valkey-server; then
  echo "valkey-server is not installed and cannot be installed here" >&2
  exit 3
fi
