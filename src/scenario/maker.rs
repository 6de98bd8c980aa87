//! Makes bytes of texts and expressions.

use std::borrow::Cow;

use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::ast::{Expr, Field, Function, Part, Payload, Text};
use super::trids::Trids;
use super::values::{EvalError, Values, filler};
use crate::protocol::encode_name;
use crate::transcript::ConnName;

/// The longest text that an expression may make, in bytes.
const MAX_TEXT: usize = 16 * 1024 * 1024;

/// Where TrIDs come from.
pub(super) enum TridSource<'m> {
    Fresh(&'m mut Trids),
    Last(Option<&'m Trids>),
}

/// Makes texts of expressions.
pub(super) struct Maker<'m> {
    pub(super) values: &'m Values,
    /// Captures that the line which is being matched has bound so far.
    pub(super) bound: &'m [(&'m str, &'m [u8])],
    pub(super) length: Option<usize>,
    pub(super) trids: TridSource<'m>,
    pub(super) conn: &'m ConnName,
}

impl Maker<'_> {
    pub(super) fn text(&mut self, text: &Text) -> Result<Vec<u8>, EvalError> {
        let mut out = Vec::with_capacity(64);
        for part in &text.parts {
            match part {
                Part::Literal(literal) => out.extend_from_slice(literal.as_bytes()),
                Part::Expr(expr) => self.put(expr, &mut out)?,
            }
            if out.len() > MAX_TEXT {
                return Err(EvalError::TooLong);
            }
        }
        Ok(out)
    }

    pub(super) fn payload(&mut self, payload: &Payload) -> Result<Bytes, EvalError> {
        match payload {
            Payload::Text(text) => self.text(text).map(Bytes::from),
            Payload::Bytes(bytes) => Ok(Bytes::copy_from_slice(bytes)),
            Payload::Filler(length) => Ok(filler(*length).into()),
        }
    }

    pub(super) fn capture(&self, name: &str) -> Option<&[u8]> {
        let bound = self.bound.iter().find(|(known, _)| *known == name);
        match bound {
            Some((_, value)) => Some(value),
            None => self.values.captures.get(name).map(Vec::as_slice),
        }
    }

    pub(super) fn field(&self, user: &str, field: Field) -> Result<&str, EvalError> {
        let unknown = || EvalError::UnknownUser(user.to_owned());
        let identity = self.values.users.get(user).ok_or_else(unknown)?;
        Ok(match field {
            Field::Handle => &identity.handle,
            Field::Name => &identity.name,
            Field::Password => &identity.password,
            Field::Domain => identity.domain(),
        })
    }

    pub(super) fn trid(&mut self, name: Option<&str>) -> Result<u32, EvalError> {
        match &mut self.trids {
            TridSource::Fresh(trids) => Ok(trids.allot(name)),
            TridSource::Last(trids) => {
                trids
                    .and_then(|trids| trids.find(name))
                    .ok_or_else(|| EvalError::NoTrid {
                        conn: self.conn.to_string(),
                        name: name.map_or_else(|| "t".to_owned(), |name| format!("t.{name}")),
                    })
            }
        }
    }

    fn put(&mut self, expr: &Expr, out: &mut Vec<u8>) -> Result<(), EvalError> {
        match expr {
            Expr::Capture(name) => {
                let unbound = || EvalError::Unbound(name.clone());
                out.extend_from_slice(self.capture(name).ok_or_else(unbound)?);
            }
            Expr::Field(user, field) => {
                out.extend_from_slice(self.field(user, *field)?.as_bytes());
            }
            Expr::Trid(name) => {
                let trid = self.trid(name.as_deref())?;
                put_number(out, trid.into());
            }
            Expr::Length => {
                let length = self.length.ok_or(EvalError::NoLength)?;
                put_number(out, length as u64);
            }
            Expr::Round => put_number(out, self.values.round.into()),
            Expr::Nobody => out.extend_from_slice(self.values.nobody.as_bytes()),
            Expr::Dialect => out.extend_from_slice(self.values.dialect.name.as_bytes()),
            Expr::Quoted(text) => out.extend_from_slice(text.as_bytes()),
            Expr::Number(number) => put_number(out, *number),
            Expr::Call(function, arguments) => self.call(*function, arguments, out)?,
        }
        Ok(())
    }

    fn call(
        &mut self,
        function: Function,
        arguments: &[Expr],
        out: &mut Vec<u8>,
    ) -> Result<(), EvalError> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let mut value = Vec::new();
            self.put(argument, &mut value)?;
            values.push(value);
        }
        let first = || values.first().map(Vec::as_slice).unwrap_or_default();
        let number = |index: usize, function: &'static str| {
            let value = values.get(index).map(Vec::as_slice).unwrap_or_default();
            let text = String::from_utf8_lossy(value);
            let value = || text.to_string();
            text.parse::<u64>().map_err(|_| EvalError::NotANumber {
                function,
                value: value(),
            })
        };
        match function {
            Function::Md5 => {
                let mut digest = Md5::new();
                for value in &values {
                    digest.update(value);
                }
                out.extend_from_slice(hex::encode(digest.finalize()).as_bytes());
            }
            Function::Upper => out.extend(first().iter().map(u8::to_ascii_uppercase)),
            Function::Lower => out.extend(first().iter().map(u8::to_ascii_lowercase)),
            Function::Encode => out.extend_from_slice(encode_name(first()).as_bytes()),
            Function::Repeat => {
                let times = usize::try_from(number(1, "repeat")?).unwrap_or(usize::MAX);
                let length = first().len().saturating_mul(times);
                if length.saturating_add(out.len()) > MAX_TEXT {
                    return Err(EvalError::TooLong);
                }
                out.extend_from_slice(&first().repeat(if first().is_empty() { 0 } else { times }));
            }
            Function::Add => {
                put_number(out, number(0, "add")?.saturating_add(number(1, "add")?));
            }
            Function::Sub => {
                put_number(out, number(0, "sub")?.saturating_sub(number(1, "sub")?));
            }
        }
        Ok(())
    }
}

fn put_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Bytes as text for a report.
pub(super) fn shown(bytes: &[u8]) -> Cow<'static, str> {
    crate::transcript::escape(bytes).into()
}
