#!/usr/bin/env bash
# Runs the suite for a step of GitHub Actions: annotations in the log, the causes first in the summary of
# the job, and the result in files. Ends as `msnpspec run` does.
set -uo pipefail
out="${RUNNER_TEMP:-.}/msnpspec-results"
mkdir -p "$out"
options=(--target "${TARGET:?}" --level "${LEVEL:-must}")
[ -z "${DIALECT:-}" ] || options+=(--dialect "$DIALECT")
[ -z "${SHARD:-}" ] || options+=(--shard "$SHARD")
read -r -a more <<<"${MORE:-}"
msnpspec run "${options[@]}" ${more[@]+"${more[@]}"} \
    --format github \
    --format markdown --output "$out/summary.md" \
    --format json --output "$out/result.json" \
    --format junit --output "$out/junit.xml" \
    --report "$out/report.html"
code=$?
case $code in
    0) verdict=passes color=brightgreen ;;
    1) verdict=fails color=red ;;
    *) verdict="could not run" color=lightgrey ;;
esac
printf '{ "schemaVersion": 1, "label": "MSNP, level %s", "message": "%s", "color": "%s" }\n' \
    "${LEVEL:-must}" "$verdict" "$color" >"$out/badge.json"
# GitHub takes no summary above 1 MiB.
[ ! -s "$out/summary.md" ] || head -c 1000000 "$out/summary.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
{
    echo "verdict=$verdict"
    echo "result=$out/result.json"
    echo "junit=$out/junit.xml"
    echo "badge=$out/badge.json"
} >>"${GITHUB_OUTPUT:-/dev/null}"
exit $code
