//! What stands behind each clause: the scenarios and oracles that judge it, the planted faults that
//! break it, the lines of the reference server that implement it.
//!
//! A test counts for a clause only if a planted fault makes it fail and the failure names that
//! clause. The fault matrix ([`Matrix`]) is the evidence; what no finding names is not covered.

mod matrix;
mod row;
mod snapshot;
mod table;
mod text;

pub use matrix::Matrix;
pub use row::{FaultRow, Place, Row, State};
pub use snapshot::{changes, snapshot};
pub use table::{Coverage, Figures, Sources};
pub use text::{human, json, problems};
