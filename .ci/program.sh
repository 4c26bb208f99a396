#!/usr/bin/env bash
# program.sh PACKAGE PROGRAM...: prints the path of the first PROGRAM that is installed. If there is
# none, it installs Debian's PACKAGE first, unless NO_INSTALL is set. Exits with 3 and a message on
# standard error if that is not possible.
set -euo pipefail
package=$1
shift

find_program() {
  local program
  for program in "$@"; do
    command -v "$program" && return
  done
  return 1
}

install() {
  [[ -z ${NO_INSTALL:-} ]] && command -v apt-get >/dev/null || return 1
  local -a root=()
  if ((EUID != 0)); then root=(sudo -n); fi
  echo "installing $package from the system's packages; NO_INSTALL=1 prevents that" >&2
  {
    "${root[@]}" apt-get update -qq || true
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package"
  } >/dev/null 2>&1
}

find_program "$@" || { install && find_program "$@"; } || {
  echo "$1 is not installed and cannot be installed here" >&2
  exit 3
}
