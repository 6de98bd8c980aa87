//! Memory and open files of a process that is watched, over time. Known on Linux only.

use std::time::{Duration, Instant};

use crate::net::clock::now;

/// How often a process is measured.
pub(super) const PULSE: Duration = Duration::from_secs(1);
/// How many measurements are kept at most: every second one is let go when there are more.
const KEPT: usize = 64;
/// So many measurements say something about growth.
const ENOUGH: usize = 16;
/// Memory that grows by less is not told, in bytes.
const MEMORY: u64 = 8 << 20;
/// Open files that become more by fewer are not told.
const FILES: u64 = 16;

/// One figure over time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gauge {
    /// When the server was ready.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// The highest.
    pub peak: u64,
    kept: Vec<u64>,
    /// Of so many measurements one is kept.
    stride: usize,
    count: usize,
}

impl Gauge {
    fn push(&mut self, value: u64) {
        if self.count == 0 {
            self.first = value;
            self.stride = 1;
        }
        if self.count.is_multiple_of(self.stride) {
            self.kept.push(value);
        }
        self.count += 1;
        self.last = value;
        self.peak = self.peak.max(value);
        if self.kept.len() > KEPT {
            let mut is_even = false;
            self.kept.retain(|_| {
                is_even = !is_even;
                is_even
            });
            self.stride *= 2;
        }
    }

    /// Whether it goes on growing: everything in the last quarter of the time lies above everything
    /// in the second by more than this. What a server takes to warm up is none.
    fn grows(&self, by: u64) -> bool {
        let quarter = self.kept.len() / 4;
        let second = self.kept.get(quarter..2 * quarter).unwrap_or_default();
        let last = self.kept.get(3 * quarter..).unwrap_or_default();
        match (second.iter().max(), last.iter().min()) {
            (Some(before), Some(after)) if self.kept.len() >= ENOUGH => *after > *before + by,
            _ => false,
        }
    }
}

/// What a process and its children use.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vitals {
    /// Resident memory, in bytes.
    pub memory: Gauge,
    /// Open files and sockets.
    pub files: Gauge,
    /// From the first measurement to the last.
    pub lived: Duration,
}

impl Vitals {
    /// Whether memory goes on growing.
    #[must_use]
    pub fn memory_grows(&self) -> bool {
        self.memory.grows(MEMORY)
    }

    /// Whether ever more files stay open.
    #[must_use]
    pub fn files_grow(&self) -> bool {
        self.files.grows(FILES)
    }
}

/// Measures one process group.
#[derive(Debug)]
pub(super) struct Watch {
    group: Option<u32>,
    since: Instant,
    vitals: Vitals,
}

impl Watch {
    pub(super) fn new(group: Option<u32>) -> Self {
        Self {
            group,
            since: now(),
            vitals: Vitals::default(),
        }
    }

    pub(super) fn measure(&mut self) {
        let Some((memory, files)) = self.group.and_then(usage) else {
            return;
        };
        self.vitals.memory.push(memory);
        self.vitals.files.push(files);
        self.vitals.lived = self.since.elapsed();
    }

    /// What was measured; `None` where nothing could be.
    pub(super) fn vitals(&self) -> Option<Vitals> {
        (self.vitals.memory.count > 0).then(|| self.vitals.clone())
    }
}

/// Resident bytes and open files of all processes of a group.
#[cfg(target_os = "linux")]
fn usage(group: u32) -> Option<(u64, u64)> {
    let mut found = None;
    let living = super::proc::all().filter(|one| one.group == group && !one.is_zombie);
    for process in living {
        let (memory, files) = found.get_or_insert((0, 0));
        *memory += process.memory;
        *files += process.files;
    }
    found
}

#[cfg(not(target_os = "linux"))]
fn usage(_group: u32) -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(values: impl IntoIterator<Item = u64>) -> Gauge {
        let mut gauge = Gauge::default();
        values.into_iter().for_each(|value| gauge.push(value));
        gauge
    }

    #[test]
    fn a_leak_grows_and_a_warm_up_does_not() {
        for count in [16, 100, 3600] {
            let leak = gauge((0..count).map(|n| 1000 + n * 10));
            assert!(leak.grows(16), "{count}");
            assert_eq!((leak.first, leak.last), (1000, 1000 + (count - 1) * 10));
            assert!(leak.kept.len() <= KEPT + 1);
            let warm = gauge((0..count).map(|n| (1000 + n * 1000).min(5000)));
            assert!(!warm.grows(16), "{count}");
            let waves = gauge((0..count).map(|n| 1000 + n % 7 * 100 + n % 3));
            assert!(!waves.grows(16), "{count}");
        }
        assert!(!gauge([1, 1000, 10_000]).grows(16));
        assert_eq!(gauge([3, 9, 4]).peak, 9);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory_and_files() {
        let group = rustix::process::getpgrp().as_raw_nonzero().get();
        let (memory, files) = usage(u32::try_from(group).unwrap()).unwrap();
        assert!(memory > 100_000 && files >= 3, "{memory} {files}");
        assert_eq!(usage(u32::MAX), None);
    }
}
