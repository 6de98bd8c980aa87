//! What was on the wire, and what the server itself wrote.

use std::io::{self, Write};

use crate::event::Failure;
use crate::report::palette::Palette;
use crate::report::text::clipped;
use crate::report::wire::{Line, Row, most_telling, rows};

/// Longer lines are cut.
const LONGEST: usize = 160;
/// Lines of a payload that is accused.
const PAYLOAD: usize = 3;
/// Lines that the server wrote: so many of the first, and so many of the last.
const FIRST: usize = 2;
const LAST: usize = 2;

/// The rows that tell most; the accused line stands out, and the harness's own stand back.
pub(super) fn dialogue(
    failure: &Failure,
    palette: &Palette,
    most: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let faint = palette.faint;
    for row in most_telling(&rows(failure), most) {
        match row {
            None => writeln!(out, "   {faint}⋮{faint:#}")?,
            Some(Row::Line(one)) => line(one, palette, out)?,
            Some(Row::Note { text, is_accused }) => {
                let (margin, style) = match is_accused {
                    true => (">", palette.bad),
                    false => ("|", palette.faint),
                };
                let text = clipped(text, LONGEST);
                writeln!(out, "   {style}{margin} ({text}){style:#}")?;
            }
        }
    }
    Ok(())
}

fn line(line: &Line<'_>, palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let faint = palette.faint;
    let (margin, style) = match (line.is_accused, line.mark) {
        (true, _) => (">", palette.bad),
        (false, Some(_)) => ("|", palette.faint),
        (false, None) => ("|", palette.plain),
    };
    let (side, text) = (line.side(), clipped(line.text, LONGEST));
    let who = clipped(line.who, LONGEST);
    let aside = line.aside(line.is_accused);
    write!(out, "   {style}{margin} {who} {side}: {text}{style:#}")?;
    match aside.is_empty() {
        true => writeln!(out)?,
        false => writeln!(out, "  {faint}{aside}{faint:#}")?,
    }
    if line.is_accused {
        for part in line.payload.iter().take(PAYLOAD) {
            let part = clipped(part, LONGEST);
            writeln!(out, "   {style}>   .. {part}{style:#}")?;
        }
    }
    Ok(())
}

/// What the server itself wrote at its end.
pub(super) fn words(failure: &Failure, palette: &Palette, out: &mut dyn Write) -> io::Result<()> {
    let (faint, bad) = (palette.faint, palette.bad);
    let words = &failure.words;
    let hidden = words.len().saturating_sub(FIRST + LAST);
    let mut title = "   it wrote ";
    for (at, line) in words.iter().enumerate() {
        if hidden > 0 && at == FIRST {
            writeln!(out, "            {faint}… {hidden} more lines{faint:#}")?;
        }
        if (FIRST..FIRST + hidden).contains(&at) {
            continue;
        }
        writeln!(out, "{title} {bad}{}{bad:#}", clipped(line, LONGEST))?;
        title = "            ";
    }
    Ok(())
}
