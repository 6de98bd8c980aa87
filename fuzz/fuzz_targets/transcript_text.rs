#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| msnpspec::fuzzer::targets::transcript_text(data));
