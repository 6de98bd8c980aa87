//! The decoder: bytes in any chunks go in, frames come out.

use bytes::{Bytes, BytesMut};

use super::frame::{Frame, Terminator};

/// How much a peer may make us hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest line in bytes, without its terminator.
    pub line: usize,
    /// The longest payload in bytes.
    pub payload: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 8 * 1024,
            payload: 64 * 1024,
        }
    }
}

/// Says which lines announce a payload.
pub trait PayloadRule {
    /// The word of a line that is the length of a payload; `None` where no payload follows.
    fn length<'l>(&self, line: &'l [u8]) -> Option<&'l [u8]>;
}

impl<F: for<'l> Fn(&'l [u8]) -> Option<&'l [u8]>> PayloadRule for F {
    fn length<'l>(&self, line: &'l [u8]) -> Option<&'l [u8]> {
        self(line)
    }
}

/// Why a stream cannot be read any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No line end within the limit.
    #[error("byte {offset}: a line of more than {limit} bytes")]
    LineTooLong {
        /// Where the line begins in the stream.
        offset: u64,
        /// The limit that it passed.
        limit: usize,
    },
    /// The word that should be a length is no number.
    #[error("byte {offset}: the payload's length is `{}`, which is no number", .word.escape_ascii())]
    BadLength {
        /// Where the line begins in the stream.
        offset: u64,
        /// The line, without its terminator.
        line: Bytes,
        /// The word itself.
        word: Bytes,
    },
    /// The announced payload is longer than the limit.
    #[error(
        "byte {offset}: a payload of {} bytes, more than the {limit} that are read",
        last_word(.line)
    )]
    PayloadTooLong {
        /// Where the line begins in the stream.
        offset: u64,
        /// The line, without its terminator.
        line: Bytes,
        /// The announced length, saturated.
        length: u64,
        /// The limit that it passed.
        limit: usize,
    },
}

/// The last word of a line, which gives the length of a payload.
fn last_word(line: &[u8]) -> String {
    let mut words = line.rsplit(|byte| *byte == b' ');
    words.next().unwrap_or_default().escape_ascii().to_string()
}

/// A line that waits for its payload.
#[derive(Debug)]
struct Pending {
    line: Bytes,
    terminator: Terminator,
    length: usize,
}

/// Cuts a stream into frames. Holds at most one frame's bytes beyond what was pushed.
#[derive(Debug)]
pub struct Decoder<R> {
    rule: R,
    limits: Limits,
    /// What was pushed last, as far as it is unread; empty where `buffer` is not.
    chunk: Bytes,
    /// What is unread of several chunks.
    buffer: BytesMut,
    /// How far the unread bytes were searched for a line end.
    searched: usize,
    pending: Option<Pending>,
    /// The stream offset of the first unread byte.
    offset: u64,
    /// The stream offset of the frame that is being read.
    frame_start: u64,
    failed: Option<DecodeError>,
}

impl<R: PayloadRule> Decoder<R> {
    /// A decoder at the beginning of a stream.
    #[must_use]
    pub fn new(rule: R, limits: Limits) -> Self {
        Self {
            rule,
            limits,
            chunk: Bytes::new(),
            buffer: BytesMut::new(),
            searched: 0,
            pending: None,
            offset: 0,
            frame_start: 0,
            failed: None,
        }
    }

    /// From the next line on, another rule holds.
    pub fn set_rule(&mut self, rule: R) {
        self.rule = rule;
    }

    /// Takes in bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer
                .extend_from_slice(&std::mem::take(&mut self.chunk));
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Takes in bytes as they came. Frames that lie whole in them share their memory.
    pub fn push_shared(&mut self, bytes: Bytes) {
        if self.failed.is_none() && self.rest().is_empty() {
            self.chunk = bytes;
        } else {
            self.push(&bytes);
        }
    }

    /// The next whole frame, `None` while more bytes are needed.
    ///
    /// # Errors
    ///
    /// When a limit is passed or a length is no number; the stream cannot be read on, and every
    /// later call gives the same error.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.advance();
        if let Err(error) = &result {
            self.failed = Some(error.clone());
            self.chunk = Bytes::new();
            self.buffer = BytesMut::new();
        }
        result
    }

    /// The bytes that no frame holds yet: the beginning of a line, or of a payload.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        if self.buffer.is_empty() {
            &self.chunk
        } else {
            &self.buffer
        }
    }

    /// The line whose payload has not arrived whole.
    #[must_use]
    pub fn waiting_line(&self) -> Option<&[u8]> {
        self.pending.as_ref().map(|pending| &pending.line[..])
    }

    fn advance(&mut self) -> Result<Option<Frame>, DecodeError> {
        if self.pending.is_none() {
            let Some((line, terminator)) = self.take_line()? else {
                return Ok(None);
            };
            match self.announced(&line)? {
                None => {
                    return Ok(Some(Frame {
                        line,
                        terminator,
                        payload: None,
                        is_hidden: false,
                    }));
                }
                Some(length) => {
                    self.pending = Some(Pending {
                        line,
                        terminator,
                        length,
                    });
                }
            }
        }
        let unread = self.rest().len();
        let Some(Pending {
            line,
            terminator,
            length,
        }) = self.pending.take_if(|pending| unread >= pending.length)
        else {
            return Ok(None);
        };
        let payload = self.take(length);
        Ok(Some(Frame {
            line,
            terminator,
            payload: Some(payload),
            is_hidden: false,
        }))
    }

    fn take(&mut self, length: usize) -> Bytes {
        self.offset += length as u64;
        if self.buffer.is_empty() {
            self.chunk.split_to(length)
        } else {
            self.buffer.split_to(length).freeze()
        }
    }

    fn take_line(&mut self) -> Result<Option<(Bytes, Terminator)>, DecodeError> {
        self.frame_start = self.offset;
        let unread = self.rest();
        let unsearched = unread.get(self.searched..).unwrap_or_default();
        let found = memchr::memchr(b'\n', unsearched).map(|at| at + self.searched);
        let too_long = DecodeError::LineTooLong {
            offset: self.offset,
            limit: self.limits.line,
        };
        let Some(end) = found else {
            self.searched = unread.len();
            // One byte more than the limit may be the CR of a terminator.
            let over = self.searched > self.limits.line + 1;
            return if over { Err(too_long) } else { Ok(None) };
        };
        self.searched = 0;
        let mut line = self.take(end + 1);
        let terminator = if line.ends_with(b"\r\n") {
            line.truncate(end - 1);
            Terminator::CrLf
        } else {
            line.truncate(end);
            Terminator::Lf
        };
        if line.len() > self.limits.line {
            return Err(too_long);
        }
        Ok(Some((line, terminator)))
    }

    fn announced(&self, line: &Bytes) -> Result<Option<usize>, DecodeError> {
        let Some(word) = self.rule.length(line) else {
            return Ok(None);
        };
        let offset = self.frame_start;
        let Some(length) = parse_length(word) else {
            let word = Bytes::copy_from_slice(word);
            return Err(DecodeError::BadLength {
                offset,
                line: line.clone(),
                word,
            });
        };
        match usize::try_from(length) {
            Ok(short) if short <= self.limits.payload => Ok(Some(short)),
            _ => Err(DecodeError::PayloadTooLong {
                offset,
                line: line.clone(),
                length,
                limit: self.limits.payload,
            }),
        }
    }
}

/// A decimal number, saturated; `None` for anything else.
fn parse_length(word: &[u8]) -> Option<u64> {
    if word.is_empty() || !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |length: u64, byte: &u8| {
        length
            .saturating_mul(10)
            .saturating_add(u64::from(byte - b'0'))
    };
    Some(word.iter().fold(0, digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn msg_rule(line: &[u8]) -> Option<&[u8]> {
        crate::wire::words(line.strip_prefix(b"MSG")?).last()
    }

    fn decode(chunks: &[&[u8]], limits: Limits) -> (Vec<Frame>, Option<DecodeError>) {
        let mut decoder = Decoder::new(msg_rule, limits);
        let mut frames = Vec::new();
        for chunk in chunks {
            decoder.push(chunk);
            loop {
                match decoder.next_frame() {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => break,
                    Err(error) => return (frames, Some(error)),
                }
            }
        }
        (frames, None)
    }

    #[test]
    fn every_chunking_gives_the_same_frames() {
        let stream = b"VER 1 MSNP2\r\nMSG 2 N 5\r\na\r\nb\nOUT\n";
        let (whole, error) = decode(&[stream], Limits::default());
        assert_eq!(error, None);
        assert_eq!(whole.len(), 3);
        assert_eq!(whole[1].payload.as_deref(), Some(&b"a\r\nb\n"[..]));
        assert_eq!(whole[2].terminator, Terminator::Lf);
        for size in 1..stream.len() {
            let chunks: Vec<&[u8]> = stream.chunks(size).collect();
            assert_eq!(
                decode(&chunks, Limits::default()).0,
                whole,
                "chunks of {size}"
            );
            let mut decoder = Decoder::new(msg_rule, Limits::default());
            let mut frames = Vec::new();
            for (n, chunk) in chunks.into_iter().enumerate() {
                if n % 3 == 2 {
                    decoder.push(chunk);
                } else {
                    decoder.push_shared(Bytes::copy_from_slice(chunk));
                }
                // Several chunks may wait unread.
                while n % 2 == 0
                    && let Some(frame) = decoder.next_frame().unwrap()
                {
                    frames.push(frame);
                }
            }
            frames.extend(std::iter::from_fn(|| decoder.next_frame().unwrap()));
            assert_eq!(frames, whole, "shared chunks of {size}");
        }
    }

    #[test]
    fn limits_hold() {
        let limits = Limits {
            line: 4,
            payload: 8,
        };
        assert_eq!(decode(&[b"1234\r\n"], limits).1, None);
        assert_eq!(decode(&[b"1234\r", b"\n"], limits).1, None);
        let (_, error) = decode(&[b"12345\r\n"], limits);
        assert_eq!(
            error,
            Some(DecodeError::LineTooLong {
                offset: 0,
                limit: 4
            })
        );
        let (_, error) = decode(&[b"1234", b"56"], limits);
        assert_eq!(
            error,
            Some(DecodeError::LineTooLong {
                offset: 0,
                limit: 4
            })
        );
        let wide = Limits {
            line: 90,
            payload: 8,
        };
        let (_, error) = decode(&[b"OUT\r\nMSG 1 N 99999999999999999999999\r\n"], wide);
        assert!(matches!(
            error,
            Some(DecodeError::PayloadTooLong {
                offset: 5,
                length: u64::MAX,
                limit: 8,
                ..
            })
        ));
        let (_, error) = decode(&[b"MSG 1 N 2\r\nabMSG 1 N -1\r\n"], wide);
        assert!(matches!(
            error,
            Some(DecodeError::BadLength { offset: 13, .. })
        ));
        let (_, error) = decode(&[b"MSG 1 N -1\r\n"], wide);
        assert!(matches!(error, Some(DecodeError::BadLength { .. })));
    }

    #[test]
    fn what_is_not_whole_yet_can_be_seen() {
        let mut decoder = Decoder::new(msg_rule, Limits::default());
        decoder.push(b"OUT");
        assert_eq!(decoder.next_frame(), Ok(None));
        assert_eq!(
            (decoder.rest(), decoder.waiting_line()),
            (&b"OUT"[..], None)
        );
        decoder.push(b"\r\nMSG 1 N 3\r\nab");
        assert_eq!(decoder.next_frame(), Ok(Some(Frame::line("OUT"))));
        assert_eq!(decoder.next_frame(), Ok(None));
        assert_eq!(decoder.rest(), b"ab");
        assert_eq!(decoder.waiting_line(), Some(&b"MSG 1 N 3"[..]));
        decoder.push(b"c");
        assert!(decoder.next_frame().unwrap().is_some());
        assert_eq!((decoder.rest(), decoder.waiting_line()), (&b""[..], None));
    }

    #[test]
    fn a_failed_decoder_stays_failed_and_holds_nothing() {
        let mut decoder = Decoder::new(
            msg_rule,
            Limits {
                line: 2,
                payload: 2,
            },
        );
        decoder.push(b"too long");
        assert!(decoder.next_frame().is_err());
        decoder.push(b"\r\nOK\r\n");
        assert!(decoder.next_frame().is_err());
        assert_eq!(decoder.rest(), b"");
    }
}
