//! The build script of ClusterFuzzLite and OSS-Fuzz, against a stub of its environment: a `cargo`
//! that builds nothing, `$SRC` and `$OUT`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use msnpspec::fuzzer::targets::TARGETS;

/// Makes empty binaries where cargo-fuzz would put them, and notes how it was called.
const CARGO: &str = r#"#!/bin/bash -eu
echo "$*" >> "$SRC/calls"
[ "$1 $2" = "fuzz build" ]
mkdir -p fuzz/target/x86_64-unknown-linux-gnu/release
for main in fuzz/fuzz_targets/*.rs; do
    touch "fuzz/target/x86_64-unknown-linux-gnu/release/$(basename "$main" .rs)"
done
"#;

/// The project as the image has it, without what was built.
fn lay_out(src: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = src.join("msnpspec");
    fs::create_dir_all(copy.join("fuzz")).expect("the layout is made");
    symlink(root.join("scenarios"), copy.join("scenarios")).expect("the layout is made");
    for entry in fs::read_dir(root.join("fuzz")).expect("the layout is made") {
        let entry = entry.expect("the layout is made");
        if entry.file_name() != "target" {
            symlink(entry.path(), copy.join("fuzz").join(entry.file_name()))
                .expect("the layout is made");
        }
    }
    let cargo = src.join("bin/cargo");
    fs::create_dir_all(src.join("bin")).expect("the layout is made");
    fs::write(&cargo, CARGO).expect("the layout is made");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("the layout is made");
}

#[test]
fn everything_goes_where_the_image_expects_it() {
    let folder = tempfile::tempdir().unwrap();
    let (src, out) = (folder.path().join("src"), folder.path().join("out"));
    fs::create_dir_all(&out).unwrap();
    lay_out(&src);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".clusterfuzzlite/build.sh");
    let done = Command::new("bash")
        .args(["-c", r#"PATH="$SRC/bin:$PATH" exec "$0""#])
        .arg(script)
        .env("SRC", &src)
        .env("OUT", &out)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );

    let calls = fs::read_to_string(src.join("calls")).unwrap();
    assert_eq!(calls, "fuzz build -O --debug-assertions\n");
    let files = fs::read_dir(&out).unwrap();
    let found: BTreeSet<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let wanted: BTreeSet<String> = TARGETS
        .iter()
        .flat_map(|(name, _)| {
            let endings = ["", "_seed_corpus.zip", ".dict", ".options"];
            endings.map(|ending| format!("{name}{ending}"))
        })
        .collect();
    assert_eq!(found, wanted);
    for (name, _) in TARGETS {
        let zip = out.join(format!("{name}_seed_corpus.zip"));
        let listed = Command::new("python3")
            .args(["-m", "zipfile", "-l"])
            .arg(zip)
            .output()
            .unwrap();
        let text = String::from_utf8(listed.stdout).unwrap();
        for seed in fs::read_dir(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("fuzz/seeds")
                .join(name),
        )
        .unwrap()
        {
            let seed = seed.unwrap().file_name().into_string().unwrap();
            assert!(text.contains(&seed), "{name}: {seed} is not in\n{text}");
        }
    }
}
