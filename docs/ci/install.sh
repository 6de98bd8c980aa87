#!/usr/bin/env bash
# Puts the binary of a release on the PATH of the steps that follow.
set -euo pipefail
case "${ARCH:?}" in
    Linux-X64) triple=x86_64-unknown-linux-musl ;;
    Linux-ARM64) triple=aarch64-unknown-linux-musl ;;
    macOS-X64) triple=x86_64-apple-darwin ;;
    macOS-ARM64) triple=aarch64-apple-darwin ;;
    Windows-X64) triple=x86_64-pc-windows-msvc ;;
    *)
        echo "::error title=msnpspec::there is no binary for $ARCH: build it with cargo install"
        exit 1
        ;;
esac
releases="https://github.com/${REPOSITORY:?}/releases"
case "${VERSION:-}" in
    "") from="$releases/latest/download" ;;
    *) from="$releases/download/v${VERSION#v}" ;;
esac
folder="${RUNNER_TEMP:?}/msnpspec"
mkdir -p "$folder"
curl --fail --silent --show-error --location --retry 3 --max-time 300 \
    --output "$folder/msnpspec.tar.gz" "$from/msnpspec-$triple.tar.gz"
curl --fail --silent --show-error --location --retry 3 --max-time 60 \
    --output "$folder/msnpspec.tar.gz.sha256" "$from/msnpspec-$triple.tar.gz.sha256"
cd "$folder"
if command -v sha256sum >/dev/null; then
    sha256sum --check msnpspec.tar.gz.sha256
else
    shasum -a 256 --check msnpspec.tar.gz.sha256
fi
tar -xzf msnpspec.tar.gz
./msnpspec --version
echo "$folder" >>"${GITHUB_PATH:?}"
