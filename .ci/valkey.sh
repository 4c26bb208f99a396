#!/usr/bin/env bash
# Prints the path of valkey-server, installing it where the system has it. On
# Debian 12 that is in the backports of the mirror that is in use. Exits with 3,
# and says so on standard error, where it cannot be had.
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
