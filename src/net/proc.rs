//! What Linux tells of processes in `/proc` (proc(5)).

use std::fs;
use std::path::Path;

/// What is known of one process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// It has ended, and nobody has asked for its status yet.
    pub(super) is_zombie: bool,
    /// Its group.
    pub(super) group: u32,
    /// Its resident memory in bytes.
    pub(super) memory: u64,
    /// How many files it has open; 0 where nobody may see them.
    pub(super) files: u64,
}

/// All processes that can be looked at. One that ends meanwhile is left out.
pub(super) fn all() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let name = entry.file_name();
        let is_process = name.to_str()?.bytes().all(|byte| byte.is_ascii_digit());
        if is_process {
            read(&entry.path())
        } else {
            None
        }
    })
}

fn read(folder: &Path) -> Option<Process> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    let (is_zombie, group, pages) = stated(&stat)?;
    let files = fs::read_dir(folder.join("fd")).map_or(0, |files| files.count() as u64);
    let memory = pages.saturating_mul(rustix::param::page_size() as u64);
    Some(Process {
        is_zombie,
        group,
        memory,
        files,
    })
}

/// Whether it is a zombie, its group and its resident pages, from `stat`. The name in brackets may hold anything.
fn stated(stat: &str) -> Option<(bool, u32, u64)> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let group = fields.get(2)?.parse().ok()?;
    Some((
        *fields.first()? == "Z",
        group,
        fields.get(21)?.parse().ok()?,
    ))
}

/// The signals that this process ignores, a bit each.
pub(super) fn ignored_signals() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let tail = "1 77 77 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 1 0 5 1000 250 1844";
        let stat = |name: &str, state: &str| stated(&format!("9 ({name}) {state} {tail}"));
        assert_eq!(stat("cat", "S"), Some((false, 77, 250)));
        assert_eq!(stat("a) Z 3", "Z"), Some((true, 77, 250)));
        assert_eq!(stated("9 (cat) S 1"), None);
        assert_eq!(stated(""), None);
    }

    #[test]
    fn this_process_is_there() {
        let own = read(Path::new("/proc/self")).unwrap();
        assert!(
            own.memory > 100_000 && own.files >= 3 && !own.is_zombie,
            "{own:?}"
        );
        assert!(all().any(|one| one.group == own.group));
        assert!(ignored_signals().is_some());
    }
}
