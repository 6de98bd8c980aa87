#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| msnpspec::fuzzer::targets::server_session(data));
