//! What an error of the system means.

use std::io;

use crate::engine::Limit;

/// The limit of our own behind an error of the system, if it is one.
pub(super) fn limit_of(error: &io::Error) -> Option<Limit> {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        match Errno::from_io_error(error)? {
            Errno::MFILE | Errno::NFILE => Some(Limit::Descriptors),
            Errno::NOMEM | Errno::NOBUFS => Some(Limit::Memory),
            Errno::ADDRNOTAVAIL => Some(Limit::Ports),
            _ => None,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        None
    }
}

/// An error of the system without its number.
pub(super) fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
        _ => {
            let text = error.to_string();
            let short = text.split(" (os error").next().unwrap_or(&text);
            short.to_owned()
        }
    }
}
