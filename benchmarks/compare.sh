#!/usr/bin/env bash
# Runs every benchmark ROUNDS times, interleaved, and writes the figures into
# docs/performance.md. Each round is a process of its own, so that no benchmark finds the
# heap of the round before. Memory is measured in the first three rounds: its figures hardly
# change, and take long.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${ROUNDS:-10}
time=${COMPARETIME:-50ms}
only=${COMPARE:-.}
records=${RECORDS:-1000000}
mkdir -p .tmp
go -C benchmarks test -c -o "$PWD/.tmp/compare.test" .
: >.tmp/compare.txt
for ((round = 1; round <= rounds; round++)); do
  echo "compare: round $round of $rounds, $(date -u +%H:%M:%S)"
  skip='^$'
  if ((round > 3)); then skip=Footprint; fi
  (cd benchmarks && ../.tmp/compare.test -test.run '^$' -test.bench "$only" -test.skip "$skip" -test.benchtime "$time" \
    -test.timeout 30m -records "$records") >>.tmp/compare.txt
done
go -C benchmarks tool benchstat -col /subject -row .fullname "$PWD/.tmp/compare.txt" >.tmp/compare.benchstat.txt
if [[ $only == . ]]; then
  go -C benchmarks run ./report -page "$PWD/docs/performance.md" -pictures "$PWD/docs/figures" <.tmp/compare.txt
else
  cat .tmp/compare.benchstat.txt
fi
