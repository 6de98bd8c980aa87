//! Fuzzing: what is generated, how it is judged, and how a finding is made small.
//!
//! A case is a [`Scenario`](crate::scenario::ast::Scenario): seed, reproducer, conformance test and
//! documentation are one format. The room knows neither sockets nor clocks: whoever wants a case
//! executed hands in a closure that does it, over the network or in memory.

pub mod targets;
