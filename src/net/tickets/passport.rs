//! The headers of Passport 1.4, in which a client of the time had its ticket.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What stands before the values of a header.
const SCHEME: &str = "Passport1.4 ";

/// The header of a request for a ticket. The word of the notification server stands at its end as it
/// came.
pub(super) fn authorization(handle: &str, password: &str, word: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!(
        "{SCHEME}OrgVerb=GET,OrgURL=http%3A%2F%2Fmessenger%2Emsn%2Ecom,sign-in={},pwd={},{word}",
        encode(handle),
        encode(password)
    )
}

/// A value of a header, as it is written.
pub(super) fn value<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let values = header.strip_prefix(SCHEME).unwrap_or(header);
    let mut pairs = values.split(',').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// The handle and the password of a request.
pub(super) fn account(header: &str) -> Option<(String, String)> {
    let decode = |name| {
        let decoded = percent_decode_str(value(header, name)?)
            .decode_utf8()
            .ok()?;
        Some(decoded.into_owned())
    };
    Some((decode("sign-in")?, decode("pwd")?))
}

/// The header of an answer with a ticket.
pub(super) fn success(ticket: &str) -> String {
    format!("{SCHEME}da-status=success,tname=MSPAuth,tname=MSPProf,from-PP='{ticket}'")
}

/// The ticket of an answer: what stands between the quotes.
pub(super) fn ticket(header: &str) -> Option<&str> {
    let (_, quoted) = header.split_once("from-PP='")?;
    let (ticket, _) = quoted.split_once('\'')?;
    Some(ticket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_writes_the_other_reads() {
        let header = authorization("a+b@c.com", "p,w='é", "ct=1,rver=1,id=1");
        let read = account(&header);
        assert_eq!(read, Some(("a+b@c.com".to_owned(), "p,w='é".to_owned())));
        assert!(header.ends_with(",ct=1,rver=1,id=1"));
        assert_eq!(ticket(&success("t=1&p=2")), Some("t=1&p=2"));
        assert_eq!(ticket("Passport1.4 da-status=failed"), None);
        assert_eq!(account("Basic abc"), None);
        let urls = "DARealm=Passport.Net,DALogin=127.0.0.1:1/login,ConfigVersion=15";
        assert_eq!(value(urls, "dalogin"), Some("127.0.0.1:1/login"));
    }
}
