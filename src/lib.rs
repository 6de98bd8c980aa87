//! Conformance test harness and protocol fuzzer for MSN Messenger servers (MSNP2 to MSNP7).

pub mod client;
pub mod diagnostic;
pub mod engine;
pub mod event;
pub mod fuzzer;
pub mod model;
#[cfg(feature = "net")]
pub mod net;
pub mod oracle;
pub mod protocol;
pub mod report;
pub mod rules;
pub mod scenario;
pub mod server;
pub mod sim;
pub mod suite;
pub mod target;
pub mod transcript;
pub mod wire;
