#!/usr/bin/env bash
# Installs the servers that tests start, where they are missing: redis-server, PostgreSQL and PgBouncer,
# from the system's packages. With NO_INSTALL set it only says what is missing, and fails.
set -euo pipefail

root=()
if ((EUID != 0)); then root=(sudo -n); fi

# may PROGRAM: whether the package manager is there and may be used.
may() {
  command -v "$1" >/dev/null && "${root[@]}" true 2>/dev/null
}

# apt PACKAGE...: PostgreSQL's package would otherwise start a cluster of its own.
apt() {
  "${root[@]}" apt-get update -qq
  "${root[@]}" mkdir -p /etc/postgresql-common/createcluster.d
  echo "create_main_cluster = false" |
    "${root[@]}" tee /etc/postgresql-common/createcluster.d/90-no-main-cluster.conf >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# missing WHY TEXT...: says what is missing, and fails.
missing() {
  echo "servers: tests need $2, and $1: install the package"
  echo "$3"
  exit 1
}

has_redis() {
  command -v "${REDIS_SERVER:-redis-server}" >/dev/null
}

redis() {
  if has_redis; then return; fi
  local text=("redis-server 6.2 or newer in PATH"
    "redis-server (Debian, Ubuntu) or redis (others), or name a valkey-server in REDIS_SERVER")
  if [[ -n ${REDIS_SERVER:-} ]]; then echo "servers: REDIS_SERVER is $REDIS_SERVER, which is not there"; exit 1; fi
  if [[ -n ${NO_INSTALL:-} ]]; then missing "NO_INSTALL is set" "${text[@]}"; fi
  echo "servers: installing redis-server from the system's packages; set NO_INSTALL=1 to prevent that, or name one in REDIS_SERVER"
  if may apt-get; then apt redis-server
  elif may apk; then "${root[@]}" apk add --quiet redis
  elif may dnf; then "${root[@]}" dnf install -y -q redis || "${root[@]}" dnf install -y -q valkey-compat-redis
  elif command -v brew >/dev/null; then brew install --quiet redis
  fi || true
  has_redis || missing "it could not be installed here" "${text[@]}"
}

# has_postgres looks where internal/pgtest looks. With POSTGRES_BIN that is there alone.
has_postgres() {
  if [[ -n ${POSTGRES_BIN:-} ]]; then [[ -x $POSTGRES_BIN/initdb && -x $POSTGRES_BIN/postgres ]]; return; fi
  command -v initdb >/dev/null && command -v postgres >/dev/null && return
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null ||
    compgen -G '/usr/libexec/postgresql*/initdb' >/dev/null || compgen -G '/opt/homebrew/opt/postgresql@*/bin/initdb' >/dev/null ||
    compgen -G '/usr/local/opt/postgresql@*/bin/initdb' >/dev/null
}

postgres() {
  if has_postgres; then return; fi
  local text=("initdb and postgres of PostgreSQL 14 or newer"
    "postgresql (Debian, Ubuntu, Alpine), postgresql-server (Fedora) or postgresql@17 (Homebrew), or name their directory in POSTGRES_BIN")
  if [[ -n ${POSTGRES_BIN:-} ]]; then echo "servers: POSTGRES_BIN is $POSTGRES_BIN, which has no initdb and postgres"; exit 1; fi
  if [[ -n ${NO_INSTALL:-} ]]; then missing "NO_INSTALL is set" "${text[@]}"; fi
  echo "servers: installing postgresql from the system's packages, without starting it; set NO_INSTALL=1 to prevent that, or name a directory in POSTGRES_BIN"
  if may apt-get; then apt postgresql
  elif may apk; then "${root[@]}" apk add --quiet postgresql
  elif may dnf; then "${root[@]}" dnf install -y -q postgresql-server
  elif command -v brew >/dev/null; then brew install --quiet postgresql@17
  fi || true
  has_postgres || missing "it could not be installed here" "${text[@]}"
}

has_bouncer() {
  command -v pgbouncer >/dev/null || [[ -x /usr/sbin/pgbouncer ]]
}

bouncer() {
  if has_bouncer; then return; fi
  local text=("pgbouncer in PATH or /usr/sbin" "pgbouncer (all systems)")
  if [[ -n ${NO_INSTALL:-} ]]; then missing "NO_INSTALL is set" "${text[@]}"; fi
  echo "servers: installing pgbouncer from the system's packages; set NO_INSTALL=1 to prevent that"
  if may apt-get; then apt pgbouncer
  elif may apk; then "${root[@]}" apk add --quiet pgbouncer
  elif may dnf; then "${root[@]}" dnf install -y -q pgbouncer
  elif command -v brew >/dev/null; then brew install --quiet pgbouncer
  fi || true
  has_bouncer || missing "it could not be installed here" "${text[@]}"
}

redis
postgres
bouncer
