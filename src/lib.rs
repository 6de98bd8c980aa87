//! Conformance test harness and protocol fuzzer for MSN Messenger servers (MSNP2).

pub mod spec;
pub mod wire;
