//! The lines of a log, each with its speaker and with what stands below it.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use std::time::Duration;

use regex_lite::Regex;

use super::apart::Utterance;
use super::below::{Below, broken};
use super::find::{at as found_at, without_end};
use super::identity::{Spoken, learn as learn_identity, name};
use super::marks::{Ends, tokens};
use super::sample::{Lesson, Sample, Survey, is_command, is_fence, of_heading, skeleton};
use crate::protocol::{Direction, Saying, payload_in_any};
use crate::transcript::read::{LONGEST_HIDDEN, announced_in_brackets, ended, unescape};
use crate::transcript::record::{Mark, Party, What};
use crate::wire::{Frame, words};

/// So many places in a line may be where a command begins that nobody knows.
const MOST_STARTS: usize = 48;

static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,9}))?")
        .expect("the pattern is a constant, and a test uses it")
});

/// What a log says, and what of it could not be read.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) utterances: Vec<Utterance>,
    /// Lines of something else.
    pub(super) skipped: usize,
    /// Lines that stand over others and say who speaks.
    pub(super) headings: usize,
    /// Places of lines that look like the protocol, and that nobody is known to have said.
    pub(super) unread: Vec<(usize, usize)>,
    /// Places of lines whose payload is not shown, and of those whose payload has another length.
    pub(super) hidden: Vec<(usize, usize)>,
    pub(super) misfits: Vec<(usize, usize)>,
}

/// A line that may go on.
#[derive(Debug)]
struct Open {
    place: (usize, usize),
    at: Duration,
    stream: String,
    party: Party,
    text: String,
    payload: Below,
    announced: Option<u64>,
    /// Its carriage return is written out, and its line feed is not.
    shows_return: bool,
    mark: Option<Mark>,
}

#[derive(Debug)]
struct Assembler<'s, 't> {
    survey: &'s Survey<'t>,
    lesson: &'s Lesson,
    /// By line.
    samples: HashMap<usize, &'s Sample>,
    /// The shapes of what stands before lines.
    shapes: HashSet<String>,
    /// Lines that stand over others and say who speaks.
    headings: HashSet<usize>,
    /// What stands before every line of the text, up to the mark.
    lead: Option<String>,
    fields: Vec<super::identity::Field>,
    told: Told,
    open: Option<Open>,
    /// The speaker of the line before, where nothing else stood between.
    current: Option<(String, Party)>,
    section: usize,
    zero: Option<Duration>,
    now: Duration,
    mark: Option<Mark>,
}

/// Puts a log together.
pub(super) fn assemble(survey: &Survey<'_>, lesson: &Lesson) -> Told {
    let samples = survey.samples.iter().map(|it| (it.line, it)).collect();
    let mut assembler = Assembler {
        survey,
        lesson,
        samples,
        shapes: HashSet::new(),
        headings: HashSet::new(),
        lead: None,
        fields: Vec::new(),
        told: Told::default(),
        open: None,
        current: None,
        section: 0,
        zero: None,
        now: Duration::ZERO,
        mark: None,
    };
    assembler.learn();
    for (at, line) in survey.lines.iter().enumerate() {
        if survey.inside.get(at) != Some(&true) {
            assembler.settle();
            continue;
        }
        assembler.line(at, line.place, &line.text);
    }
    assembler.settle();
    // A heading is no line of something else.
    assembler.told
}

impl Assembler<'_, '_> {
    /// The context of a sample: beside it, or over it.
    fn context<'a>(&self, sample: &'a Sample) -> &'a str {
        match &sample.above {
            Some(above) if self.is_below(sample) => &above.text,
            _ => &sample.beside,
        }
    }

    fn is_below(&self, sample: &Sample) -> bool {
        self.lesson.is_above && sample.is_bare
    }

    fn party(&self, sample: &Sample) -> Option<Party> {
        let scheme = &self.lesson.learned.scheme;
        if self.is_below(sample) {
            let above = sample.above.as_ref()?;
            return scheme.party(of_heading(&above.text).into_iter(), above.ends.as_ref());
        }
        let ends = Ends::of(&sample.beside);
        let party = scheme.party(tokens(&sample.beside), ends.as_ref());
        // Where the lack of a mark is the mark, a line in prose has none either.
        party.filter(|_| !self.lesson.is_above || ends.is_some() || !sample.is_bare)
    }

    /// Learns which part names a connection, and the shapes of what stands before lines.
    fn learn(&mut self) {
        let mut lines = Vec::new();
        for sample in &self.survey.samples {
            let Some(party) = self.party(sample) else {
                continue;
            };
            let said = self.survey.said(sample);
            let context = self.context(sample);
            let bytes: Vec<&[u8]> = words(said.as_bytes()).take(16).collect();
            let asked = Saying::of(Direction::ToServer, &bytes);
            let opens = party == Party::Client
                && asked.is_some_and(|asked| asked.row.negotiates() || asked.is_entry());
            lines.push(Spoken {
                context,
                party,
                number: number(said),
                opens,
            });
            if self.is_below(sample) {
                self.headings.extend(self.survey.over(sample));
            } else {
                let line = self.survey.lines.get(sample.line);
                let before = line.and_then(|line| line.text.get(..sample.found.start));
                self.shapes.insert(skeleton(before.unwrap_or_default()));
            }
        }
        self.fields = learn_identity(&lines, &self.lesson.learned.scheme);
        self.lead = self.common_lead();
    }

    /// What stands before the mark in every line, such as a quote's or a container's.
    fn common_lead(&self) -> Option<String> {
        let scheme = &self.lesson.learned.scheme;
        let before = |sample: &Sample| {
            let line = self.survey.lines.get(sample.line)?;
            let text = line.text.get(..sample.found.start)?;
            let mark = tokens(text).find(|token| scheme.is_mark(token))?;
            // The last place, since a quote may look like a mark.
            let at = text.rfind(mark)?;
            text.get(..at).map(str::to_owned)
        };
        let marked = self.survey.samples.iter().filter(|it| !it.is_bare);
        let mut all = marked.filter_map(before);
        let first = all.next()?;
        let shape = skeleton(&first);
        let (mut same, mut other) = (1, 0);
        for own in all {
            match skeleton(&own) == shape {
                true => same += 1,
                false => other += 1,
            }
        }
        (!first.is_empty() && same >= 9 * other).then_some(shape)
    }

    /// A line without what stands before every line.
    fn without_lead<'l>(&self, text: &'l str) -> &'l str {
        let Some(lead) = &self.lead else {
            return text;
        };
        let blanks = lead.trim_end();
        for (at, _) in text.char_indices().skip(1).take(200) {
            let head = text.get(..at).unwrap_or_default();
            if skeleton(head) == *lead {
                return text.get(at..).unwrap_or_default();
            }
            if head.len() > 4 * lead.len() + 64 {
                break;
            }
        }
        // An empty line may have lost its blank at the end.
        if skeleton(text) == blanks { "" } else { text }
    }

    fn line(&mut self, at: usize, place: (usize, usize), text: &str) {
        if let Some(sample) = self.samples.get(&at).copied() {
            return self.sample(sample, place, text);
        }
        if is_fence(text) {
            return;
        }
        if let Some(more) = text.trim_start().strip_prefix("..")
            && self.open.is_some()
        {
            return self.more(place, more.strip_prefix([' ', '\t']).unwrap_or(more));
        }
        if let Some((party, stream, said)) = self.by_shape(text) {
            let is_told = announced_in_brackets(said, party).is_some();
            let verb = said.split([' ', '\t']).next().unwrap_or_default();
            if is_told || is_command(without_end(verb)) {
                return self.head(place, text, stream, party, said);
            }
        }
        let body = self.without_lead(text);
        if self.is_due() {
            return self.below(place, body);
        }
        let trimmed = body.trim();
        if trimmed.is_empty() {
            self.told.skipped += usize::from(!text.trim().is_empty());
            return;
        }
        if let Some(mark) = Mark::read(trimmed) {
            self.settle();
            self.mark = Some(mark);
        } else if trimmed.len() >= 2 && trimmed.bytes().all(|byte| byte == b'-') {
            self.settle();
            self.section += 1;
        } else if !trimmed.starts_with('#') {
            self.settle();
            self.current = None;
            match self.headings.contains(&at) {
                true => self.told.headings += 1,
                false => self.told.skipped += 1,
            }
        }
    }

    fn sample(&mut self, sample: &Sample, place: (usize, usize), text: &str) {
        let said = self.survey.said(sample);
        let own = sample.found.likeness.speaker().map(Party::from);
        let is_inherited = match self.lesson.is_above {
            true => self.is_below(sample) && sample.above.is_none(),
            false => {
                self.without_lead(text).trim_start()
                    == text.get(sample.found.start..).unwrap_or_default()
            }
        };
        let party = self.party(sample);
        let is_in_prose = sample.found.is_weak
            && !self.is_below(sample)
            && !self.shapes.contains(&skeleton(
                text.get(..sample.found.start).unwrap_or_default(),
            ));
        if let Some(party) = party.filter(|_| !is_in_prose) {
            self.last_of_payload(text.get(..sample.found.start).unwrap_or_default());
            let by = &self.lesson.learned.scheme;
            let mut stream = name(self.context(sample), by, &self.fields);
            if let Some(above) = sample.above.as_ref().filter(|_| self.is_below(sample))
                && let Some(ends) = above.ends.as_ref().filter(|ends| ends.are_addresses())
            {
                let (one, other) = ends.key();
                stream = format!("{one} {other}");
            } else if let Some(ends) = Ends::of(&sample.beside).filter(Ends::are_addresses)
                && !sample.is_bare
                && by.party(std::iter::empty(), Some(&ends)).is_some()
            {
                let (one, other) = ends.key();
                stream = format!("{one} {other}");
            }
            self.head(place, text, stream, party, said);
            return self.see_return(sample, text);
        }
        // Below a line that was not all, the same speaks on.
        if let Some((stream, party)) = self.current.clone()
            && is_inherited
            && !is_in_prose
            && own.is_none_or(|own| own == party)
            && !(self.is_due() && sample.found.is_weak)
        {
            self.head(place, text, stream, party, said);
            return self.see_return(sample, text);
        }
        if self.is_due() {
            let body = self.without_lead(text).to_owned();
            return self.below(place, &body);
        }
        self.settle();
        self.current = None;
        if sample.found.is_weak {
            self.told.skipped += 1;
        } else {
            self.told.unread.push(place);
        }
    }

    /// Learns whether the carriage return of a line is written out, and its line feed is not.
    fn see_return(&mut self, sample: &Sample, text: &str) {
        let behind = text.get(sample.found.end..).unwrap_or_default();
        if let Some(open) = &mut self.open {
            open.shows_return = behind == "\\r";
        }
    }

    /// What stands before the mark of the next line may be the rest of a payload that has no end of
    /// line of its own.
    fn last_of_payload(&mut self, before: &str) {
        let scheme = &self.lesson.learned.scheme;
        let Some(length) = self.open.as_ref().and_then(|open| open.announced) else {
            return;
        };
        let mark = tokens(before).find(|token| scheme.is_mark(token));
        let rest = mark.and_then(|mark| before.get(..before.find(mark)?));
        let Some(rest) = rest.filter(|rest| !rest.trim().is_empty()) else {
            return;
        };
        if let Some(open) = self.open.as_mut().filter(|open| !open.payload.fits(length)) {
            open.payload.push(rest.to_owned());
            if !open.payload.fits(length) {
                open.payload.pop();
            }
        }
    }

    /// A line that has the shape of others up to a place: what it says from there.
    fn by_shape<'l>(&self, text: &'l str) -> Option<(Party, String, &'l str)> {
        if self.shapes.len() <= 1 && self.shapes.contains("") {
            return None;
        }
        let scheme = &self.lesson.learned.scheme;
        let mut before = ' ';
        let mut tried = 0;
        for (at, char) in text.char_indices() {
            let is_start = !char.is_whitespace() && !before.is_alphanumeric() && at > 0;
            before = char;
            if !is_start {
                continue;
            }
            tried += 1;
            if tried > MOST_STARTS {
                break;
            }
            let (head, said) = text.split_at_checked(at)?;
            if !head.is_empty() && self.shapes.contains(&skeleton(head)) {
                let party = scheme.party(tokens(head), Ends::of(head).as_ref())?;
                let beside = format!("{head} ");
                return Some((party, name(&beside, scheme, &self.fields), said.trim_end()));
            }
        }
        None
    }

    /// Somebody says something.
    fn head(
        &mut self,
        place: (usize, usize),
        whole: &str,
        stream: String,
        party: Party,
        said: &str,
    ) {
        self.settle();
        let before = whole.split(said).next().unwrap_or_default();
        if let Some(at) = clock(before) {
            let zero = *self.zero.get_or_insert(at);
            self.now = self.now.max(at.saturating_sub(zero));
        }
        self.current = Some((stream.clone(), party));
        let (line, rest) = broken(said);
        self.begin(place, stream.clone(), party, line);
        let mut rest = rest;
        while let Some(text) = rest {
            match self.open.as_ref().and_then(|open| open.announced) {
                Some(length) => {
                    // As much of what is written out behind it as it announces.
                    let bytes = unescape(text);
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    if let Some(open) = &mut self.open {
                        let payload = bytes.get(..length).unwrap_or(&bytes);
                        open.payload = Below::of(crate::transcript::escape(payload));
                    }
                    let more = bytes.get(length..).unwrap_or_default();
                    let more = crate::transcript::escape(more);
                    if !more.is_empty() && found_at(&more, 0).is_some() {
                        let (line, _) = broken(&more);
                        self.settle();
                        self.begin(place, stream.clone(), party, line);
                    }
                    rest = None;
                }
                None => {
                    let (line, more) = broken(text);
                    self.settle();
                    if !line.is_empty() {
                        self.begin(place, stream.clone(), party, line);
                    }
                    rest = more;
                }
            }
        }
    }

    fn begin(&mut self, place: (usize, usize), stream: String, party: Party, said: &str) {
        let text = without_end(said).to_owned();
        let bytes: Vec<&[u8]> = words(text.as_bytes()).collect();
        let announced = payload_in_any(party.direction(), &bytes);
        let stream = match self.section {
            0 => stream,
            section => format!("{stream}--{section}"),
        };
        self.open = Some(Open {
            place,
            at: self.now,
            stream,
            party,
            text,
            payload: Below::default(),
            announced,
            shows_return: false,
            mark: self.mark.take().filter(|_| party == Party::Client),
        });
    }

    /// Whether the line before still waits for its payload.
    fn is_due(&self) -> bool {
        let open = self.open.as_ref();
        let length = open.and_then(|open| open.announced).unwrap_or_default();
        open.is_some_and(|open| open.payload.is_due(length))
    }

    fn below(&mut self, place: (usize, usize), text: &str) {
        if let Some(open) = &mut self.open {
            let plain = text.strip_suffix("\\r").filter(|_| open.shows_return);
            open.payload.push(plain.unwrap_or(text).to_owned());
            if !text.trim().is_empty() {
                open.place.1 = place.1;
            }
        }
    }

    fn more(&mut self, place: (usize, usize), text: &str) {
        if let Some(open) = &mut self.open {
            open.place.1 = place.1;
            if open.announced.is_some() {
                open.payload.push(text.to_owned());
            } else {
                open.text.push(' ');
                open.text.push_str(text.trim());
                let bytes: Vec<&[u8]> = words(open.text.as_bytes()).collect();
                open.announced = payload_in_any(open.party.direction(), &bytes);
            }
        }
    }

    /// The present line is whole.
    fn settle(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let what = announced_in_brackets(&open.text, open.party)
            .unwrap_or_else(|| What::Frame(open.party, self.frame(&open)));
        self.told.utterances.push(Utterance {
            stream: open.stream,
            place: open.place,
            at: open.at,
            what,
            mark: open.mark,
        });
    }

    fn frame(&mut self, open: &Open) -> Frame {
        let (text, terminator) = ended(&open.text);
        let mut frame = Frame {
            line: unescape(text).into(),
            terminator,
            payload: None,
            is_hidden: false,
        };
        let Some(length) = open.announced else {
            return frame;
        };
        let has_text = open.payload.has_text();
        if length == 0 {
            frame.payload = Some(Vec::new().into());
            return frame;
        }
        if let Some(bytes) = open.payload.payload(length) {
            frame.payload = Some(bytes.into());
            return frame;
        }
        match has_text {
            true => self.told.misfits.push(open.place),
            false => self.told.hidden.push(open.place),
        }
        frame.hide(length.min(LONGEST_HIDDEN));
        frame
    }
}

/// The verb and the number of a line, where a number stands behind the verb.
fn number(said: &str) -> Option<&str> {
    let mut words = said.split_ascii_whitespace();
    let trid = words.nth(1)?;
    let is_number = trid.bytes().all(|byte| byte.is_ascii_digit()) && trid != "0";
    is_number.then_some(trid)
}

/// The time of day in a text.
fn clock(text: &str) -> Option<Duration> {
    let found = CLOCK.captures(text)?;
    let part = |n: usize| found.get(n).map_or("0", |it| it.as_str());
    let value = |n: usize| part(n).parse::<u64>().unwrap_or_default();
    let nanos = format!("{:0<9}", part(4)).parse().unwrap_or_default();
    let seconds = (value(1) * 60 + value(2)) * 60 + value(3);
    Some(Duration::from_secs(seconds) + Duration::from_nanos(nanos))
}
