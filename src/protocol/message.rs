//! What a row of a dialect's table says of a message: who sends it where, where its TrID stands,
//! what its parameters are, what it answers.

use super::asked::{Asked, Told};
use super::clause::ClauseId;
use super::role::{Direction, Kinds, ServerKind};
use super::setting::Setting;
use super::verb::Verb;

/// Whether the word after the verb is a TrID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TridRule {
    /// It never is (`NLN`, `RNG`, `OUT`, the server's `MSG` …).
    Never,
    /// It is that of the request.
    Request,
    /// It is that of the request, or 0 where the server speaks unasked.
    RequestOrZero,
}

/// What follows the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadForm {
    /// Nothing.
    None,
    /// As many bytes as the last word says.
    LengthLast,
    /// The same where the last word is a number; nothing where it is none.
    LengthIfNumber,
}

/// Which acknowledgement a message asks for: none, one where it reached nobody, always one.
pub(super) const MODES: [&str; 3] = ["U", "N", "A"];

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Param {
    /// This very word.
    Is(&'static str),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A dialect, or a word that stands for none.
    Dialect,
    /// A login scheme.
    Scheme,
    /// What the server asks a client that logs in.
    Challenge,
    /// The answer to a challenge: a secret.
    Response,
    /// The name of a list.
    List,
    /// The serial number of a user's lists and settings.
    Serial,
    /// How many entries there are up to this one.
    Item,
    /// How many entries there are.
    Total,
    /// A user's handle.
    Handle,
    /// Who sent a message: a user's handle, or a name of the service.
    Sender,
    /// A friendly name, URL-encoded.
    Name,
    /// A state that others can see.
    State,
    /// Who may add a user without being asked (GTC): `A` or `N`.
    Prompt,
    /// Who may see and call a user that stands on no list (BLP): `AL` or `BL`.
    Privacy,
    /// Which acknowledgement a message asks for: `U`, `N` or `A`.
    Mode,
    /// The same, or `D` for data.
    DataMode,
    /// A host with a port or without.
    Address,
    /// What lets a user into a switchboard: a secret while it lives.
    Cookie,
    /// The number of a session.
    SessionId,
    /// What a property of a user is called: `PHH`, `MOB` and so on.
    Key,
    /// A property itself, URL-encoded.
    Value,
    /// The number of a group of contacts.
    Group,
    /// The GUID of a group of contacts.
    Guid,
    /// The GUID by which a user knows a contact.
    Contact,
    /// When lists or settings last changed.
    Stamp,
    /// A parameter behind a mark that says which it is, such as `N=`.
    Tagged(&'static str, &'static Self),
    /// The numbers of the groups that a contact is in, joined by commas.
    Groups,
    /// The lists that a contact is on, as a sum.
    Bits,
    /// What a client can do, as a sum.
    ClientId,
    /// What a user shows of itself: an object, URL-encoded.
    Object,
    /// A flag: `0` or `1`.
    Flag(&'static str),
    /// The length of the payload.
    Length,
    /// Any word; the text says what it is for.
    Word(&'static str),
}

impl Param {
    /// Whether what stands for another parameter in an earlier dialect may stand for this one.
    #[must_use]
    fn takes(self, other: Self) -> bool {
        match (self, other) {
            (Self::Word(_), Self::Is(_) | Self::OneOf(_)) => false,
            (Self::DataMode, Self::Mode) | (Self::Word(_), _) | (_, Self::Word(_)) => true,
            _ => self == other,
        }
    }

    /// Whether a word looks like one: what has a form of its own has that form.
    #[must_use]
    pub fn fits(self, word: &[u8]) -> bool {
        let is_number = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        match self {
            Self::Is(own) => word == own.as_bytes(),
            Self::OneOf(own) => own.iter().any(|own| word == own.as_bytes()),
            Self::Serial
            | Self::Item
            | Self::Total
            | Self::SessionId
            | Self::Group
            | Self::Bits
            | Self::ClientId
            | Self::Length => is_number,
            Self::Handle => word.contains(&b'@'),
            Self::Guid | Self::Contact => is_guid(word),
            Self::Tagged(tag, own) => word
                .strip_prefix(tag.as_bytes())
                .is_some_and(|word| own.fits(word)),
            Self::Prompt => Setting::Prompt.parse(word).is_some(),
            Self::Privacy => Setting::Privacy.parse(word).is_some(),
            Self::Mode => MODES.iter().any(|mode| word == mode.as_bytes()),
            Self::DataMode => word == b"D" || Self::Mode.fits(word),
            Self::Flag(_) => matches!(word, b"0" | b"1"),
            Self::Cookie => !word.is_empty(),
            Self::Address => is_address(word),
            _ => true,
        }
    }

    /// What it is, whatever mark it bears.
    #[must_use]
    pub fn untagged(self) -> Self {
        match self {
            Self::Tagged(_, own) => *own,
            own => own,
        }
    }

    /// What a word says that stands for it: the word without the mark.
    #[must_use]
    pub fn value(self, word: &[u8]) -> &[u8] {
        match self {
            Self::Tagged(tag, _) => word.strip_prefix(tag.as_bytes()).unwrap_or(word),
            _ => word,
        }
    }

    /// What a client of the time says there, where that is the same for every user.
    #[must_use]
    pub fn usual(self) -> Option<&'static str> {
        match self {
            // Client 6.0, and messages in several packets.
            Self::ClientId => Some("268435488"),
            Self::Word("code base") => Some("MSMSGS"),
            _ => None,
        }
    }

    /// What it is called in an expectation.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Is(word) | Self::Word(word) | Self::Flag(word) => word,
            Self::OneOf(words) => words.first().copied().unwrap_or_default(),
            Self::Dialect => "dialect",
            Self::Scheme => "scheme",
            Self::Challenge => "challenge",
            Self::Response => "response",
            Self::List => "list",
            Self::Serial => "serial",
            Self::Item => "item",
            Self::Total => "total",
            Self::Handle => "handle",
            Self::Sender => "sender",
            Self::Name => "name",
            Self::State => "state",
            Self::Prompt | Self::Privacy => "setting",
            Self::Mode | Self::DataMode => "mode",
            Self::Address => "address",
            Self::Cookie => "cookie",
            Self::SessionId => "session",
            Self::Group | Self::Guid => "group",
            Self::Contact => "contact",
            Self::Stamp => "stamp",
            Self::Tagged(_, own) => own.as_str(),
            Self::Groups => "groups",
            Self::Bits => "bits",
            Self::ClientId => "client-id",
            Self::Object => "object",
            Self::Key => "key",
            Self::Value => "value",
            Self::Length => "length",
        }
    }
}

/// Whether a word is a GUID: hexadecimal digits, eight, three times four, and twelve.
fn is_guid(word: &[u8]) -> bool {
    let mut parts = word.split(|byte| *byte == b'-');
    let is_hex = |part: &[u8]| part.iter().all(u8::is_ascii_hexdigit);
    let own = [8, 4, 4, 4, 12].map(|length| parts.next().filter(|part| part.len() == length));
    own.iter().all(|part| part.is_some_and(is_hex)) && parts.next().is_none()
}

/// A name or an address, with a port or without.
fn is_address(word: &[u8]) -> bool {
    let port = word.iter().rposition(|byte| *byte == b':');
    match port.and_then(|at| word.split_at_checked(at)) {
        None => !word.is_empty(),
        Some((host, port)) => {
            let digits = port.strip_prefix(b":").unwrap_or_default();
            let port = std::str::from_utf8(digits).ok();
            let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
            let is_port = is_number && port.is_some_and(|port| port.parse::<u16>().is_ok());
            !host.is_empty() && is_port
        }
    }
}

/// One form that a message can have.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The clause that a line of this form breaks where it does not come, or comes with a wrong
    /// meaning; `None` where no clause is about that.
    pub clause: Option<ClauseId>,
    /// The clause that says what the line looks like.
    pub shape: Option<ClauseId>,
    /// The same where the server speaks unasked.
    pub unasked: Option<ClauseId>,
    /// The parameters, without the TrID.
    pub params: &'static [Param],
    /// How many of the last parameters may be left out.
    pub optional: usize,
    /// Whether more parameters may follow.
    pub is_open: bool,
}

/// A form about which no clause says anything.
pub(super) const fn plain(params: &'static [Param]) -> Form {
    Form {
        clause: None,
        shape: None,
        unasked: None,
        params,
        optional: 0,
        is_open: false,
    }
}

/// A form that a clause describes.
pub(super) const fn form(clause: ClauseId, params: &'static [Param]) -> Form {
    let mut form = plain(params);
    (form.clause, form.shape) = (Some(clause), Some(clause));
    form
}

impl Form {
    /// Another clause says what it looks like.
    pub(super) const fn shape(mut self, clause: ClauseId) -> Self {
        self.shape = Some(clause);
        self
    }

    /// Another clause is about it where the server speaks unasked.
    pub(super) const fn unasked(mut self, clause: ClauseId) -> Self {
        self.unasked = Some(clause);
        self
    }

    /// So many of the last parameters may be left out.
    pub(super) const fn optional(mut self, count: usize) -> Self {
        self.optional = count;
        self
    }

    /// More parameters may follow.
    pub(super) const fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Whether it only adds parameters to the end of a form of an earlier dialect.
    #[must_use]
    pub fn extends(&self, other: &Self) -> bool {
        let mut pairs = self.params.iter().zip(other.params);
        self.params.len() >= other.params.len() && pairs.all(|(own, other)| own.takes(*other))
    }

    /// The least number of parameters.
    #[must_use]
    pub const fn least(&self) -> usize {
        self.params.len() - self.optional
    }

    /// The greatest number of parameters; `usize::MAX` where there is no bound.
    #[must_use]
    pub const fn most(&self) -> usize {
        if self.is_open {
            usize::MAX
        } else {
            self.params.len()
        }
    }

    /// Whether parameters look like those of this form: as many, each like its own.
    pub fn fits<'w>(&self, params: impl Iterator<Item = &'w [u8]> + Clone) -> bool {
        let count = params.clone().count();
        let mut pairs = self.params.iter().zip(params);
        (self.least()..=self.most()).contains(&count) && pairs.all(|(own, word)| own.fits(word))
    }

    /// Whether some parameters are there, and they look like those of this form.
    pub fn is_whole<'w>(&self, params: impl Iterator<Item = &'w [u8]> + Clone) -> bool {
        params.clone().next().is_some() && self.fits(params)
    }

    /// The place of a parameter of this kind among the parameters, whatever mark it bears.
    #[must_use]
    pub fn place_of(&self, param: Param) -> Option<usize> {
        self.params.iter().position(|own| own.untagged() == param)
    }

    /// Whether parameters begin as this form does, with its fixed words, and bear its marks.
    fn begins<'w>(&self, mut params: impl Iterator<Item = &'w [u8]>) -> bool {
        let mut is_fixed = true;
        self.params.iter().all(|param| {
            let word = params.next();
            is_fixed &= matches!(param, Param::Is(_));
            match param {
                Param::Is(own) if is_fixed => word == Some(own.as_bytes()),
                Param::Tagged(tag, _) => word.is_some_and(|it| it.starts_with(tag.as_bytes())),
                _ => true,
            }
        })
    }
}

/// A row of a dialect's table.
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// The verb.
    pub verb: Verb,
    /// Who sends it.
    pub direction: Direction,
    /// On which kinds of server it is legal.
    pub kinds: Kinds,
    /// Whether a TrID follows the verb.
    pub trid: TridRule,
    /// Whether it is a line of a batch that has neither TrID nor number there, beside the row of the
    /// same verb outside (BATCH-3).
    pub is_bare: bool,
    /// Which requests it may answer. Empty for requests, and for what only comes unasked.
    pub answers: &'static [Verb],
    /// What follows the line.
    pub payload: PayloadForm,
    /// What its parameters are. The last form is the one of lines that look like none.
    pub forms: &'static [Form],
    /// The least number of parameters after the TrID, over all forms.
    pub min_params: usize,
    /// The greatest number of parameters, over all forms.
    pub max_params: usize,
    /// What is known of it as a request that a sound server answers.
    pub asked: Option<Asked>,
    /// What is known of it as a line for which nobody need ask, or that comes behind an answer.
    pub told: Option<Told>,
    /// The request with which a client answers it by itself, whatever it is doing.
    pub obliges: Option<Verb>,
}

impl Message {
    /// What a client sends, with a TrID.
    pub(super) const fn request(verb: Verb, kinds: Kinds, forms: &'static [Form]) -> Self {
        Self::new(verb, Direction::ToServer, kinds, forms)
    }

    /// What a server sends, with the TrID of a request.
    pub(super) const fn response(verb: Verb, kinds: Kinds, forms: &'static [Form]) -> Self {
        Self::new(verb, Direction::ToClient, kinds, forms)
    }

    const fn new(verb: Verb, direction: Direction, kinds: Kinds, forms: &'static [Form]) -> Self {
        let (mut min, mut max, mut rest) = (usize::MAX, 0, forms);
        while let Some((form, others)) = rest.split_first() {
            if form.least() < min {
                min = form.least();
            }
            if form.most() > max {
                max = form.most();
            }
            rest = others;
        }
        Self {
            verb,
            direction,
            kinds,
            trid: TridRule::Request,
            is_bare: false,
            answers: &[],
            payload: PayloadForm::None,
            forms,
            min_params: min,
            max_params: max,
            asked: None,
            told: None,
            obliges: None,
        }
    }

    /// A sound server answers it.
    pub(super) const fn asked(mut self, asked: Asked) -> Self {
        self.asked = Some(asked);
        self
    }

    /// It comes of itself, or behind an answer.
    pub(super) const fn told(mut self, told: Told) -> Self {
        self.told = Some(told);
        self
    }

    /// A client answers it by itself with this request.
    pub(super) const fn obliges(mut self, request: Verb) -> Self {
        self.obliges = Some(request);
        self
    }

    /// It never carries a TrID.
    pub(super) const fn without_trid(mut self) -> Self {
        self.trid = TridRule::Never;
        self
    }

    /// The server may send it unasked too, under TrID 0.
    pub(super) const fn or_unasked(mut self) -> Self {
        self.trid = TridRule::RequestOrZero;
        self
    }

    /// It may answer these requests.
    pub(super) const fn to(mut self, requests: &'static [Verb]) -> Self {
        self.answers = requests;
        self
    }

    /// It is what a line of the batch is where it stands in none of the numbered forms.
    pub(super) const fn bare(mut self) -> Self {
        self.trid = TridRule::Never;
        self.is_bare = true;
        self.answers = &[Verb::Syn];
        self
    }

    /// Its last parameter is the length of a payload.
    pub(super) const fn with_payload(mut self) -> Self {
        self.payload = PayloadForm::LengthLast;
        self
    }

    /// The form that a line with these parameters has: the first whose fixed words it begins
    /// with, or else the last.
    #[must_use]
    pub fn form<'w>(&self, params: impl Iterator<Item = &'w [u8]> + Clone) -> Option<&Form> {
        self.forms
            .iter()
            .find(|form| form.begins(params.clone()))
            .or(self.forms.last())
    }

    /// Whether it may have so many parameters.
    #[must_use]
    pub fn takes(&self, count: usize) -> bool {
        (self.min_params..=self.max_params).contains(&count)
    }

    /// The place of its first parameter among the words of a line.
    #[must_use]
    pub fn first_param(&self) -> usize {
        match self.trid {
            TridRule::Never => 1,
            TridRule::Request | TridRule::RequestOrZero => 2,
        }
    }

    /// The place of a parameter of this kind among the words of a line, in the first form that has
    /// one.
    #[must_use]
    pub fn place_of(&self, param: Param) -> Option<usize> {
        let mut places = self.forms.iter().filter_map(|form| form.place_of(param));
        Some(self.first_param() + places.next()?)
    }

    /// Whether it tells the state of a contact, as the answer to another matter: it may come
    /// before and behind that answer.
    #[must_use]
    pub fn is_initial_state(&self) -> bool {
        self.trid == TridRule::Request && !self.answers.contains(&self.verb) && self.has_state()
    }

    /// Whether it begins with a state.
    fn has_state(&self) -> bool {
        let first = self.forms.first().and_then(|form| form.params.first());
        first == Some(&Param::State)
    }

    /// Whether a number stands right behind its verb: a TrID, or a serial number.
    #[must_use]
    pub fn begins_with_number(&self) -> bool {
        let first = self.forms.first().and_then(|form| form.params.first());
        self.trid != TridRule::Never || first == Some(&Param::Serial)
    }

    /// Whether any of its forms has a parameter of this kind.
    #[must_use]
    pub fn has(&self, param: Param) -> bool {
        self.forms.iter().any(|form| form.place_of(param).is_some())
    }

    /// Whether it is a message, as others get it: it names its sender.
    #[must_use]
    pub fn is_spoken(&self) -> bool {
        self.has(Param::Sender)
    }

    /// Whether it shows an entry of one of a user's lists.
    #[must_use]
    pub fn shows_entry(&self) -> bool {
        self.direction == Direction::ToClient && self.has(Param::List) && self.has(Param::Item)
    }

    /// Whether it calls the user into a session that there is: it hands out the way in.
    #[must_use]
    pub fn invites(&self) -> bool {
        self.direction == Direction::ToClient
            && self.has(Param::Cookie)
            && self.has(Param::SessionId)
    }

    /// Whether the service says something of itself with it, at any time.
    #[must_use]
    pub fn is_notice(&self) -> bool {
        let speaks = self.trid == TridRule::Never && self.payload != PayloadForm::None;
        let is_ns = self.kinds.contains(ServerKind::Notification);
        self.direction == Direction::ToClient && is_ns && (speaks || self.obliges.is_some())
    }

    /// Whether client and server agree on a dialect with it.
    #[must_use]
    pub fn negotiates(&self) -> bool {
        self.has(Param::Dialect)
    }

    /// Whether the server may send it unasked, with TrID 0.
    #[must_use]
    pub fn may_bear_zero(&self) -> bool {
        self.trid == TridRule::RequestOrZero
    }

    /// The same, with what the row that it stands for says of requests and of lines that come of
    /// themselves, where it says nothing of that.
    pub(super) fn over(&self, rows: &[Self]) -> Self {
        let before = rows.iter().find(|row| self.replaces(row));
        Self {
            asked: self.asked.or(before.and_then(|row| row.asked)),
            told: self.told.or(before.and_then(|row| row.told)),
            obliges: self.obliges.or(before.and_then(|row| row.obliges)),
            ..*self
        }
    }

    /// Whether it stands for another row: same verb, same direction, a kind of server in common, in
    /// a batch or outside.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        self.verb == other.verb
            && self.is_bare == other.is_bare
            && self.direction == other.direction
            && self.kinds.overlaps(other.kinds)
    }
}
