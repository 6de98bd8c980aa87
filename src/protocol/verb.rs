//! The verbs: the first words of the lines, of every dialect.

use super::error_code::ErrorCode;

macro_rules! verbs {
    ($($name:ident $word:literal;)*) => {
        /// The first word of a line, as far as anybody knows it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[expect(missing_docs, reason = "the variants are the protocol's own words")]
        pub enum Verb {
            $($name,)*
            /// Three digits.
            Error(u16),
            /// Anything else.
            #[default]
            Other,
        }

        #[derive(Clone, Copy)]
        enum Index { $($name),* }

        impl Verb {
            /// Every verb, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The verb that a word is, in upper case only.
            #[must_use]
            pub fn parse(word: &[u8]) -> Self {
                match word {
                    $($word => Self::$name,)*
                    _ => ErrorCode::parse_word(word).map_or(Self::Other, Self::Error),
                }
            }

            /// The verb as it is written; empty where it is none.
            #[must_use]
            pub fn as_bytes(self) -> &'static [u8] {
                match self {
                    $(Self::$name => $word,)*
                    Self::Error(_) | Self::Other => b"",
                }
            }

            /// Its place in [`Verb::ALL`]; none where it is no verb.
            #[must_use]
            pub(super) fn index(self) -> Option<usize> {
                match self {
                    $(Self::$name => Some(Index::$name as usize),)*
                    Self::Error(_) | Self::Other => None,
                }
            }
        }
    };
}

verbs! {
    Ver b"VER";
    Inf b"INF";
    Usr b"USR";
    Xfr b"XFR";
    Syn b"SYN";
    Lst b"LST";
    Gtc b"GTC";
    Blp b"BLP";
    Chg b"CHG";
    Add b"ADD";
    Rem b"REM";
    Rea b"REA";
    Nln b"NLN";
    Fln b"FLN";
    Iln b"ILN";
    Rng b"RNG";
    Msg b"MSG";
    Out b"OUT";
    Cvr b"CVR";
    Cvq b"CVQ";
    Fnd b"FND";
    Snd b"SND";
    Url b"URL";
    Png b"PNG";
    Qng b"QNG";
    Cal b"CAL";
    Ans b"ANS";
    Iro b"IRO";
    Joi b"JOI";
    Bye b"BYE";
    Ack b"ACK";
    Nak b"NAK";
    Pag b"PAG";
    Sdc b"SDC";
    Not b"NOT";
    Ipg b"IPG";
    Ims b"IMS";
    Prp b"PRP";
    Bpr b"BPR";
    Chl b"CHL";
    Qry b"QRY";
    Lsg b"LSG";
    Adg b"ADG";
    Reg b"REG";
    Rmg b"RMG";
    Pgd b"PGD";
    Adc b"ADC";
    Sbp b"SBP";
    Sbs b"SBS";
    Gcf b"GCF";
    Uux b"UUX";
    Ubx b"UBX";
    Adl b"ADL";
    Rml b"RML";
    Fqy b"FQY";
    Uun b"UUN";
    Ubn b"UBN";
    Uum b"UUM";
    Ubm b"UBM";
    Put b"PUT";
    Del b"DEL";
    Sdg b"SDG";
    Nfy b"NFY";
    Rfs b"RFS";
}

impl Verb {
    /// The verb as it is written; empty where it is none.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        // The table holds upper-case letters alone.
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The verb that a server indifferent to case would read.
    #[must_use]
    pub fn parse_any_case(word: &[u8]) -> Self {
        match <[u8; 3]>::try_from(word) {
            Ok(mut upper) => {
                upper.make_ascii_uppercase();
                Self::parse(&upper)
            }
            Err(_) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_reads_back() {
        for (at, verb) in Verb::ALL.iter().enumerate() {
            assert_eq!(Verb::parse(verb.as_bytes()), *verb);
            assert_eq!(verb.as_str().len(), 3, "{verb:?}");
            assert_eq!(verb.index(), Some(at));
        }
        assert_eq!(Verb::parse(b"217"), Verb::Error(217));
        assert_eq!(Verb::parse(b"chg"), Verb::Other);
        assert_eq!(Verb::parse_any_case(b"chg"), Verb::Chg);
        assert_eq!(Verb::Error(217).as_str(), "");
    }
}
