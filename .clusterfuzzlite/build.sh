#!/bin/bash -eu
# Builds the libFuzzer targets for ClusterFuzzLite and OSS-Fuzz: binaries, seed corpora,
# dictionaries and options into $OUT.
cd "$SRC/msnpspec"
cargo fuzz build -O --debug-assertions

seeds=$(mktemp -d)
for main in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$main" .rs)
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/"

    cp -r "fuzz/seeds/$target" "$seeds/$target"
    dictionary=fuzz/msnp.dict
    if [ "$target" = scenario_yaml ]; then
        dictionary=fuzz/scenario.dict
        for file in scenarios/*/*.yaml; do
            cp "$file" "$seeds/$target/$(basename "$(dirname "$file")")-$(basename "$file")"
        done
    fi
    if [ "$target" = transcript_text ]; then
        dictionary=fuzz/transcript.dict
    fi
    (cd "$seeds/$target" && python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" ./*)

    cp "$dictionary" "$OUT/$target.dict"
    cp "fuzz/$target.options" "$OUT/"
done
rm -r "$seeds"
