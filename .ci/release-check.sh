#!/usr/bin/env bash
# Fails when idempotency.Version, the newest section of CHANGELOG.md and the tag of this
# commit disagree. Between releases the newest section is [Unreleased], and Version names
# the release that comes next.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "release-check: $*"
  exit 1
}

version=$(sed -nE 's/^(const)?[[:space:]]*Version[[:space:]]*= "(v[^"]+)".*/\2/p' ./*.go)
[[ -n $version ]] || fail "the root package has no constant Version such as \"v1.2.3\""
sections=$(sed -nE 's/^## \[([^]]+)\].*/\1/p' CHANGELOG.md)
[[ -n $sections ]] || fail "CHANGELOG.md has no section"
newest=${sections%%$'\n'*}
tag=$(git tag --points-at HEAD --list 'v*' --sort=-version:refname | head -n 1)

if [[ $newest == Unreleased ]]; then
  [[ -z $tag ]] || fail "this commit has the tag $tag, but the newest section of CHANGELOG.md is [Unreleased]"
  if grep -qxF -- "${version#v}" <<<"$sections"; then
    fail "Version is $version, which CHANGELOG.md lists as released: name the next version"
  fi
elif [[ $newest != "${version#v}" ]]; then
  fail "Version is $version, but the newest section of CHANGELOG.md is [$newest]"
fi
[[ -z $tag || $tag == "$version" ]] || fail "this commit has the tag $tag, but Version is $version"
echo "release-check: Version $version, CHANGELOG [$newest], tag ${tag:-none}"
