//! The fault matrix as evidence: which fault was found, under which clause, by what.

use std::collections::BTreeMap;

use crate::protocol::ClauseId;

/// Which findings name a clause of which fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matrix {
    /// What found the fault under that clause, in the matrix's own words.
    findings: BTreeMap<(ClauseId, String), Vec<String>>,
}

impl Matrix {
    /// Reads `snapshots/fault-matrix.snap`: a line with a fault and its clauses, below it and
    /// indented a line for each clause that was named, with what named it. Other lines say nothing
    /// about coverage and are passed over: what is not understood covers nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut matrix = Self::default();
        let mut fault = None;
        for line in text.lines() {
            let Some(finding) = line.strip_prefix("    ") else {
                if line.ends_with(']') {
                    fault = line.split_once(" [").map(|(name, _)| name).or(fault);
                }
                continue;
            };
            let named = finding.split_once(": ");
            if let (Some(fault), Some((clause, by))) = (fault, named)
                && let Ok(clause) = clause.parse()
            {
                let key = (clause, fault.to_owned());
                matrix.findings.entry(key).or_default().push(by.to_owned());
            }
        }
        matrix
    }

    /// What found the fault and named the clause.
    #[must_use]
    pub fn found(&self, clause: ClauseId, fault: &str) -> &[String] {
        let found = self.findings.get(&(clause, fault.to_owned()));
        found.map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "---\nsource: x\n---\nlate [PRES-6 CHG-3]\n    PRES-6: presence/a\n    \
        PRES-6: oracle presence\nempty-line [FRAME-16 LIVE-1]\n    FRAME-16: errors/e[lines=\t\n]\n    \
        LIVE-1: hostile/g\nmissed [VER-1]\n    not found\n    but VER-2\n";

    #[test]
    fn each_finding_belongs_to_the_fault_above_it() {
        let matrix = Matrix::parse(TEXT);
        let found = |clause, fault| matrix.found(clause, fault).to_vec();
        assert_eq!(
            found(ClauseId::PRES_6, "late"),
            ["presence/a", "oracle presence"]
        );
        assert_eq!(found(ClauseId::LIVE_1, "empty-line"), ["hostile/g"]);
        assert!(found(ClauseId::CHG_3, "late").is_empty());
        assert!(found(ClauseId::VER_1, "missed").is_empty());
        assert!(found(ClauseId::VER_2, "missed").is_empty());
        assert_eq!(matrix.findings.len(), 3);
    }
}
