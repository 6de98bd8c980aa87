//! Builds again when a scenario comes or goes: the suite is embedded in the library.

fn main() {
    println!("cargo::rerun-if-changed=scenarios");
}
