#!/usr/bin/env bash
# Prints the path of a Chromium, and installs Debian's package first if there is none. Exits
# with 3 and a message on standard error if it cannot be installed. CHROMIUM names another one.
set -euo pipefail

find_browser() {
  command -v "${CHROMIUM:-chromium}" && return
  [[ -z ${CHROMIUM:-} ]] && { command -v google-chrome || command -v chromium-browser; }
}

install() {
  [[ -z ${CHROMIUM:-} && -z ${NO_INSTALL:-} ]] && command -v apt-get >/dev/null || return 1
  local -a root=()
  if ((EUID != 0)); then root=(sudo -n); fi
  echo "browser: installing chromium from the system's packages; NO_INSTALL=1 prevents that" >&2
  {
    "${root[@]}" apt-get update -qq || true
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
  } >/dev/null 2>&1
}

find_browser || { install && find_browser; } || {
  echo "browser: there is no chromium, and it cannot be installed here" >&2
  exit 3
}
