//! What each mutator does to a command.

use super::{Command, Word};
use crate::fuzzer::dictionary;
use crate::fuzzer::entropy::Entropy;
use crate::protocol::{Dialect, Message, Param, ServerKind};
use crate::scenario::ast::Payload;

pub(super) fn wrong_parameter(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let word = entropy.name(&dictionary::WORDS);
    command.replace(entropy, Word::Text(word.to_owned()))
}

pub(super) fn missing_parameter(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let from = command.first_parameter();
    let count = command.words.len().saturating_sub(from);
    if count == 0 || command.payload.is_some() {
        return false;
    }
    command.words.remove(from + entropy.below(count));
    true
}

pub(super) fn extra_parameter(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let from = command.first_parameter().min(command.words.len());
    let count = command.words.len() - from + usize::from(command.payload.is_none());
    let word = entropy.name(&dictionary::WORDS);
    let place = from + entropy.below(count);
    command.words.insert(place, Word::Text(word.to_owned()));
    true
}

pub(super) fn wrong_case(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let Some(Word::Text(verb)) = command.words.first_mut() else {
        return false;
    };
    let mut lower = verb.to_ascii_lowercase();
    if entropy.below(3) == 0
        && let Some(head) = verb.get(..1)
    {
        lower.replace_range(..1, head);
    }
    let is_other = lower != *verb;
    *verb = lower;
    is_other
}

pub(super) fn long_field(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let length = [130, 388, 700, 1500, 4000].get(entropy.below(5));
    let length = length.copied().unwrap_or(130);
    let text = match entropy.below(3) {
        0 => format!("{{repeat('x', {length})}}@hotmail.com"),
        1 => format!("{{repeat('%41', {length})}}"),
        _ => format!("{{repeat('x', {length})}}"),
    };
    command.replace(entropy, Word::Text(text))
}

pub(super) fn long_line(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let length = [5_000, 20_000, 70_000].get(entropy.below(3));
    let length = length.copied().unwrap_or(5_000);
    let text = format!("{{repeat('x', {length})}}");
    if entropy.below(2) == 0 {
        command.end = "";
    }
    command.payload = None;
    command.words.push(Word::Text(text));
    true
}

pub(super) fn bad_escape(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let name = entropy.name(&dictionary::BAD_NAMES);
    command.replace(entropy, Word::Text(name.to_owned()))
}

pub(super) fn line_break(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let verb = entropy.name(&dictionary::VERBS);
    command.replace(entropy, Word::Text(format!("a%0D%0A{verb}%0D%0A")))
}

pub(super) fn not_utf_8(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let bytes: &[&[u8]] = &[b"\xff", b"\xc3\x28", b"a\x80b", b"\xed\xa0\x80", b"caf\xe9"];
    let bytes = entropy.pick(bytes).copied().unwrap_or_default();
    command.replace(entropy, Word::Bytes(bytes.to_vec()))
}

pub(super) fn nul(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let bytes: &[&[u8]] = &[b"\0", b"a\0b", b"\0\0\0\0"];
    let bytes = entropy.pick(bytes).copied().unwrap_or_default();
    command.replace(entropy, Word::Bytes(bytes.to_vec()))
}

pub(super) fn bad_handle(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let handle = entropy.name(&dictionary::BAD_HANDLES);
    let from = command.first_parameter();
    let words = command.words.iter_mut().skip(from);
    let mut handles = words.filter(|word| matches!(word, Word::Text(t) if t.ends_with(".handle}")));
    let first = handles.next();
    first
        .map(|word| *word = Word::Text(handle.to_owned()))
        .is_some()
}

pub(super) fn bad_trid(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let trid = entropy.name(&dictionary::BAD_TRIDS);
    command.set_trid(trid)
}

pub(super) fn no_trid(command: &mut Command, _: &mut Entropy<'_>) -> bool {
    if !command.has_trid {
        return false;
    }
    command.words.remove(1);
    command.has_trid = false;
    true
}

pub(super) fn bad_length(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let length = entropy.name(&["-1", "x", "", "-0", "1e3", "0x5", "+5"]);
    let length = if length.is_empty() { "{''}" } else { length };
    command.set_length(length)
}

pub(super) fn length_too_long(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let more = entropy.between(1, 9);
    command.set_length(&format!("{{add(length, {more})}}"))
}

pub(super) fn length_too_short(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let fewer = entropy.between(1, 9);
    command.set_length(&format!("{{sub(length, {fewer})}}"))
}

pub(super) fn huge_length(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let length = entropy.name(&["99999", "2147483648", "4294967295", "18446744073709551616"]);
    command.set_length(length)
}

pub(super) fn huge_payload(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let length = [1665, 2000, 5000, 70_000].get(entropy.below(4));
    let is_message = command.payload.is_some();
    command.payload = command
        .payload
        .take()
        .map(|_| Payload::Filler(length.copied().unwrap_or(1665)));
    is_message
}

pub(super) fn bad_mode(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let mode = entropy.name(&["X", "u", "n", "a", "NN", "D", "0"]);
    let from = command.first_parameter();
    command.payload.is_some() && command.set(from, mode)
}

pub(super) fn only(command: &mut Command, line: &str) -> bool {
    command.words = vec![Word::Text(line.to_owned())];
    (command.has_trid, command.payload) = (false, None);
    true
}

pub(super) fn empty_line(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let blank = entropy.name(&["", " ", "\t", "   "]);
    only(command, blank)
}

pub(super) fn one_letter(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let letter = entropy.name(&["A", "x", "7", "%", ".", "~"]);
    only(command, letter)
}

pub(super) fn unknown_command(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    let verb = entropy.name(&["XXX", "HELLO", "XYZ", "QQQ", "AD", "999", "!!!", "GET"]);
    command.payload = None;
    command.set(0, verb)
}

pub(super) fn foreign_command(command: &mut Command, entropy: &mut Entropy<'_>) -> bool {
    // Only messages have payloads there.
    let kind = match command.payload {
        Some(_) => ServerKind::Switchboard,
        None => ServerKind::Notification,
    };
    let strangers: Vec<&Message> = Dialect::first().strangers(kind).collect();
    let Some(stranger) = entropy.pick(&strangers) else {
        return false;
    };
    let line = stranger.example("{t}", |param| match param {
        Param::Handle => "{nobody}".to_owned(),
        param => param.sample().to_owned(),
    });
    *command = Command::new(&line, None);
    true
}

pub(super) fn line_feed(command: &mut Command, _: &mut Entropy<'_>) -> bool {
    command.end = "\n";
    true
}

pub(super) fn carriage_return(command: &mut Command, _: &mut Entropy<'_>) -> bool {
    command.end = "\r";
    true
}
