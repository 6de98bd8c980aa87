//! What the options of `run` mean: which report goes where, which accounts there are.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use msnpspec::protocol::Level;
use msnpspec::report::Format;
use msnpspec::suite::Choice;

use super::args::RunArgs;

/// Options that do not fit together, in words that a user understands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OptionError {
    /// An `--output` that no `--format` stands before.
    #[error("--output {} belongs to no --format: write --format FORMAT --output FILE", .0.display())]
    StrayOutput(PathBuf),
    /// Two formats for standard output.
    #[error(
        "{first} and {second} would both go to standard output: give one of them an --output FILE"
    )]
    TwoOnStdout {
        /// The first.
        first: &'static str,
        /// The second.
        second: &'static str,
    },
    /// One file for two things.
    #[error("two things would be written to {}", .0.display())]
    SameFile(PathBuf),
}

/// One report and where it goes; `None` is standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// The format.
    pub(crate) format: Format,
    /// The file.
    pub(crate) to: Option<PathBuf>,
}

/// Formats and files as they were typed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// `--format`.
    pub(crate) formats: &'a [Format],
    /// `--output`.
    pub(crate) outputs: &'a [PathBuf],
    /// `--report`.
    pub(crate) page: Option<&'a PathBuf>,
}

/// The reports that were asked for. Each `--output` belongs to the `--format` before it; where no
/// format is left for standard output, people get theirs there.
pub(crate) fn reports(asked: Asked<'_>, matches: &ArgMatches) -> Result<Vec<Report>, OptionError> {
    let formats = indices(matches, "formats").zip(asked.formats);
    let outputs = indices(matches, "outputs").zip(asked.outputs);
    let mut words: Vec<(usize, Word<'_>)> = formats
        .map(|(at, format)| (at, Word::Format(*format)))
        .chain(outputs.map(|(at, file)| (at, Word::Output(file))))
        .collect();
    words.sort_by_key(|(at, _)| *at);
    let mut reports: Vec<Report> = Vec::new();
    for (_, word) in words {
        match word {
            Word::Format(format) => reports.push(Report { format, to: None }),
            Word::Output(file) => match reports.last_mut() {
                Some(last) if last.to.is_none() => {
                    last.to = (file.as_os_str() != OsStr::new("-")).then(|| file.to_owned());
                }
                _ => return Err(OptionError::StrayOutput(file.to_owned())),
            },
        }
    }
    let mut on_stdout = reports.iter().filter(|report| report.to.is_none());
    if let (Some(first), Some(second)) = (on_stdout.next(), on_stdout.next()) {
        let (first, second) = (first.format.as_str(), second.format.as_str());
        return Err(OptionError::TwoOnStdout { first, second });
    }
    if reports.iter().all(|report| report.to.is_some()) {
        reports.insert(
            0,
            Report {
                format: Format::Human,
                to: None,
            },
        );
    }
    if let Some(page) = asked.page {
        reports.push(Report {
            format: Format::Html,
            to: Some(page.clone()),
        });
    }
    apart(reports.iter().filter_map(|report| report.to.as_deref()))?;
    Ok(reports)
}

/// Refuses one file for two things, however it is spelt.
pub(crate) fn apart<'f>(files: impl Iterator<Item = &'f Path>) -> Result<(), OptionError> {
    let mut seen = BTreeSet::new();
    for file in files {
        if !seen.insert(real(file)) {
            return Err(OptionError::SameFile(file.to_owned()));
        }
    }
    Ok(())
}

/// The file itself, links followed, also where there is none yet.
fn real(file: &Path) -> PathBuf {
    let parent = match file.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let below = || Some(std::fs::canonicalize(parent).ok()?.join(file.file_name()?));
    let found = std::fs::canonicalize(file).ok().or_else(below);
    found.unwrap_or_else(|| file.to_owned())
}

enum Word<'a> {
    Format(Format),
    Output(&'a Path),
}

fn indices(matches: &ArgMatches, id: &str) -> impl Iterator<Item = usize> {
    matches
        .indices_of(id)
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .into_iter()
}

/// What a reader types to run something again against the same target; never a password.
pub(crate) fn again(args: &RunArgs) -> String {
    let mut command = String::from("msnpspec run");
    if args.server.target != "builtin" {
        command.push_str(" --target ");
        command.push_str(&args.server.target);
    }
    if !args.server.accounts.is_empty() {
        command.push_str(" --account \u{2026}");
    }
    if let Some(path) = &args.server.account_file {
        command.push_str(&format!(" --account-file {}", path.display()));
    }
    for (set, option) in [
        (args.server.disposable, " --disposable"),
        (args.server.remote, " --remote"),
        (args.strict, " --strict"),
    ] {
        if set {
            command.push_str(option);
        }
    }
    if args.level != Level::Must {
        command.push_str(" --level ");
        command.push_str(args.level.as_str());
    }
    if let Some(Choice::One(dialect)) = args.dialect {
        command.push_str(" --dialect ");
        command.push_str(dialect.name);
    }
    for path in &args.paths {
        command.push(' ');
        command.push_str(&path.display().to_string());
    }
    command
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn parsed(words: &[&str]) -> (RunArgs, ArgMatches) {
        let words = ["msnpspec", "run"].iter().chain(words);
        let matches = Cli::command().try_get_matches_from(words).unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let Command::Run(args) = cli.command else {
            panic!("run was parsed");
        };
        let below = matches.subcommand().unwrap().1.clone();
        (*args, below)
    }

    fn told(words: &[&str]) -> Result<String, OptionError> {
        let (args, matches) = parsed(words);
        let asked = Asked {
            formats: &args.formats,
            outputs: &args.outputs,
            page: args.report.as_ref(),
        };
        let reports = reports(asked, &matches)?;
        let shown = reports.iter().map(|report| {
            let to = report
                .to
                .as_ref()
                .map_or("-".into(), |file| file.display().to_string());
            format!("{}>{to}", report.format.as_str())
        });
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn an_output_belongs_to_the_format_before_it() {
        assert_eq!(told(&[]).unwrap(), "human>-");
        assert_eq!(told(&["--format", "json"]).unwrap(), "json>-");
        assert_eq!(
            told(&["--format", "junit", "--output", "j"]).unwrap(),
            "human>- junit>j"
        );
        let words = [
            "--format", "tap", "--format", "junit", "--output", "j", "--report", "p",
        ];
        assert_eq!(told(&words).unwrap(), "tap>- junit>j html>p");
        let words = [
            "--format", "json", "--output", "a", "--format", "tap", "--output", "-",
        ];
        assert_eq!(told(&words).unwrap(), "json>a tap>-");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let error = told(&["--output", "j", "--format", "json"]).unwrap_err();
        assert_eq!(error, OptionError::StrayOutput("j".into()));
        let error = told(&["--format", "json", "--output", "a", "--output", "b"]).unwrap_err();
        assert_eq!(error, OptionError::StrayOutput("b".into()));
        let error = told(&["--format", "json", "--format", "tap"]).unwrap_err();
        assert!(matches!(error, OptionError::TwoOnStdout { .. }));
        for (first, second) in [
            ("a", "a"),
            ("a", "./a"),
            ("src/../a", "a"),
            ("Cargo.toml", "src/../Cargo.toml"),
        ] {
            let words = ["--format", "json", "--output", first, "--report", second];
            assert_eq!(
                told(&words).unwrap_err(),
                OptionError::SameFile(second.into())
            );
        }
    }
}
