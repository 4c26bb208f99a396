#!/usr/bin/env bash
# Fails when a workflow names a make target that the Makefile lacks: `run: make TARGET`, or
# `target: TARGET` in a matrix.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=$(sed -n 's/^\([a-z-]*\):.*## .*/\1/p' Makefile)
failed=0
named=$(sed -nE 's/.*(run: make|- target:) +([a-z -]+).*/\2/p' .github/workflows/*.yml | tr ' ' '\n' | sort -u)
for target in $named; do
  if ! grep -qx -- "$target" <<<"$targets"; then
    echo "workflows: a workflow runs 'make $target', which the Makefile does not have"
    failed=1
  fi
done
((failed)) || echo "workflows: every target exists:" "${named//$'\n'/ }"
exit "$failed"
