//! Exceptions that nobody has caught, in what a server writes.

/// Longer kinds and places are cut.
const LONGEST: usize = 120;

/// An exception: its type and where it came from, and nothing that differs from time to time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exception {
    /// `ValueError`, `java.lang.NullPointerException`.
    pub kind: String,
    /// `server.py:31`; empty where it is not told.
    pub place: String,
}

impl Exception {
    /// The last that these lines tell of.
    #[must_use]
    pub fn last_in(lines: &[String]) -> Option<Self> {
        let mut listener = Listener::default();
        let told = lines.iter().filter_map(|line| listener.line(line));
        told.last()
    }

    fn new(kind: &str, place: &str) -> Self {
        let cut = |text: &str| text.trim().chars().take(LONGEST).collect();
        Self {
            kind: cut(kind),
            place: cut(place),
        }
    }
}

/// What was heard so far of an exception.
#[derive(Debug, Default)]
enum Heard {
    #[default]
    Nothing,
    /// Python: frames follow, and then the exception itself.
    Traceback { place: String },
    /// What may be the head of a stack, of Java, Kotlin, C# or JavaScript.
    Head { kind: String },
    /// Its frames follow.
    Stack,
    /// Go: a panic that was caught; the goroutine and its frames follow.
    Panic,
}

/// Listens to one output of a server, line by line.
#[derive(Debug, Default)]
pub struct Listener(Heard);

impl Listener {
    /// Takes a line; an exception where this line completes one.
    pub fn line(&mut self, line: &str) -> Option<Exception> {
        match std::mem::take(&mut self.0) {
            Heard::Traceback { place } => self.traceback(line, place),
            Heard::Head { kind } if is_frame(line) => {
                self.0 = Heard::Stack;
                Some(Exception::new(&kind, frame_place(line)))
            }
            Heard::Stack if is_of_stack(line) => {
                self.0 = Heard::Stack;
                None
            }
            Heard::Panic => match line.strip_prefix('\t').and_then(go_place) {
                // The frames of the one who caught it, and of the runtime, come first.
                Some(place) if !is_of_go(place) => Some(Exception::new("panic", place)),
                _ => {
                    self.0 = Heard::Panic;
                    None
                }
            },
            Heard::Nothing | Heard::Head { .. } | Heard::Stack => self.first(line),
        }
    }

    fn traceback(&mut self, line: &str, mut place: String) -> Option<Exception> {
        if line.starts_with([' ', '\t']) || line.is_empty() {
            if let Some(frame) = python_place(line) {
                place = frame;
            }
            self.0 = Heard::Traceback { place };
            return None;
        }
        let kind = line.split([':', ' ']).next().unwrap_or(line);
        Some(Exception::new(kind, &place))
    }

    /// A line that goes on with nothing.
    fn first(&mut self, line: &str) -> Option<Exception> {
        if line.contains("Traceback (most recent call last):") {
            let place = String::new();
            self.0 = Heard::Traceback { place };
            return None;
        }
        if line.contains("panic serving ") {
            self.0 = Heard::Panic;
            return None;
        }
        if let Some(found) = php(line).or_else(|| ruby(line)) {
            return Some(found);
        }
        if let Some(kind) = head(line) {
            self.0 = Heard::Head { kind };
        }
        None
    }
}

/// `    at f (server.js:1:2)`, `\tat a.B.c(B.java:3)`, `   at A.B() in /x/B.cs:line 4`.
fn is_frame(line: &str) -> bool {
    line.starts_with([' ', '\t']) && line.trim_start().starts_with("at ")
}

/// What stands below the head of a stack.
fn is_of_stack(line: &str) -> bool {
    is_frame(line)
        || line.trim_start().starts_with("... ")
        || line.trim_start().starts_with("Suppressed: ")
        || line.starts_with("Caused by: ")
        || line.starts_with("   --- ")
}

fn frame_place(line: &str) -> &str {
    let frame = line.trim_start().trim_start_matches("at ");
    if let Some((_, place)) = frame.rsplit_once(" in ") {
        return place;
    }
    let inside = frame.rsplit_once('(').map(|(_, place)| place);
    let inside = inside.and_then(|place| place.strip_suffix(')'));
    inside.filter(|place| place.contains(':')).unwrap_or(frame)
}

/// The type of an exception that a line is about, where frames may follow.
fn head(line: &str) -> Option<String> {
    const ENDS: [&str; 2] = ["Error", "Exception"];
    if line.starts_with(' ') || line.starts_with("Caused by: ") {
        return None;
    }
    let is_edge = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '$'));
    let mut words = line.split(is_edge).map(|word| word.trim_matches('.'));
    let is_type = |word: &&str| *word != "Exception" && ENDS.iter().any(|end| word.ends_with(end));
    let named = words.find(is_type);
    match named {
        Some(word) => Some(word.to_owned()),
        None if line.contains("Uncaught ") => Some("Uncaught".to_owned()),
        None => None,
    }
}

/// `  File "server.py", line 31, in handle`.
fn python_place(line: &str) -> Option<String> {
    let (file, rest) = line.trim_start().strip_prefix("File \"")?.split_once('"')?;
    let line = rest.strip_prefix(", line ")?;
    let digits = line.find(|c: char| !c.is_ascii_digit());
    let number = line.get(..digits.unwrap_or(line.len()))?;
    Some(format!("{file}:{number}"))
}

/// `/x/server.go:31 +0x1d`.
fn go_place(line: &str) -> Option<&str> {
    let place = line.split(' ').next()?;
    let (file, number) = place.rsplit_once(':')?;
    let is_place = file.ends_with(".go") && number.bytes().all(|byte| byte.is_ascii_digit());
    is_place.then_some(place)
}

/// Whether a frame is one of Go's own library.
fn is_of_go(place: &str) -> bool {
    ["/src/runtime/", "/src/net/", "/src/log/"]
        .iter()
        .any(|folder| place.contains(folder))
}

/// `PHP Fatal error:  Uncaught TypeError: x in /x/server.php:31`.
fn php(line: &str) -> Option<Exception> {
    let (_, rest) = line.split_once("Fatal error: ")?;
    let rest = rest.trim_start();
    let kind = match rest.strip_prefix("Uncaught ") {
        Some(rest) => rest.split([':', ' ']).next().unwrap_or(rest),
        None => "Fatal error",
    };
    let place = rest.rsplit_once(" in ").map_or("", |(_, place)| place);
    let place = place.replace(" on line ", ":");
    Some(Exception::new(kind, &place))
}

/// `server.rb:31:in 'Integer#/': divided by 0 (ZeroDivisionError)`.
fn ruby(line: &str) -> Option<Exception> {
    let (place, rest) = line.split_once(":in ")?;
    let (_, number) = place.rsplit_once(':')?;
    let (_, kind) = rest.strip_suffix(')')?.rsplit_once('(')?;
    let is_place = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_kind = kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ':' | '_'));
    (is_place && is_kind).then(|| Exception::new(kind, place.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Vec<String> {
        let mut listener = Listener::default();
        let found = text.lines().filter_map(|line| listener.line(line));
        found
            .map(|one| format!("{} at {}", one.kind, one.place))
            .collect()
    }

    #[test]
    fn exceptions_of_python_are_heard() {
        let text = "ready\nTraceback (most recent call last):\n  File \"/x/server.py\", line 9, in run\n    \
                    handle(line)\n  File \"/x/server.py\", line 31, in handle\n    int(word)\n    \
                    ~~~^^^^^^\nValueError: invalid literal: '7'\nnext\n";
        assert_eq!(heard(text), ["ValueError at /x/server.py:31"]);
        let twice = text.replace("'7'", "'8'") + text;
        assert_eq!(heard(&twice), ["ValueError at /x/server.py:31"; 2]);
        let bare =
            "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyboardInterrupt\n";
        assert_eq!(heard(bare), ["KeyboardInterrupt at a.py:1"]);
    }

    #[test]
    fn exceptions_of_java_kotlin_and_c_sharp_are_heard() {
        let java = "Exception in thread \"main\" java.lang.IllegalStateException: no 3\n\
                    \tat com.x.Server.run(Server.java:31)\n\tat com.x.Server.main(Server.java:5)\n\
                    Caused by: java.io.IOException: y\n\tat com.x.B.c(B.java:1)\n\t... 2 more\nnext";
        let told = "java.lang.IllegalStateException at Server.java:31";
        assert_eq!(heard(java), [told]);
        let sharp = "Unhandled exception. System.NullReferenceException: Object reference\n   \
                     at Server.Handle(String line) in /x/Server.cs:line 31\n   at Server.Main()\n";
        let told = "System.NullReferenceException at /x/Server.cs:line 31";
        assert_eq!(heard(sharp), [told]);
        let bare = "Unhandled Exception: System.InvalidOperationException: x\n   at Server.Main()";
        assert_eq!(
            heard(bare),
            ["System.InvalidOperationException at Server.Main()"]
        );
    }

    #[test]
    fn exceptions_of_javascript_are_heard() {
        let thrown = "/x/server.js:12\n    throw new RangeError('x');\n    ^\n\nRangeError: x 5\n    \
                      at handle (/x/server.js:12:11)\n    at node:net:1:2\n\nNode.js v22.1.0\n";
        assert_eq!(heard(thrown), ["RangeError at /x/server.js:12:11"]);
        let promise = "(node:77) UnhandledPromiseRejectionWarning: TypeError: x\n    \
                       at /x/server.js:3:9\n";
        assert_eq!(heard(promise), ["TypeError at /x/server.js:3:9"]);
        let other = "Uncaught 'text'\n    at run (a.js:1:2)\n";
        assert_eq!(heard(other), ["Uncaught at a.js:1:2"]);
    }

    #[test]
    fn exceptions_of_go_php_and_ruby_are_heard() {
        let go = "2026/01/02 http: panic serving 127.0.0.1:5: boom\ngoroutine 7 [running]:\n\
                  net/http.(*conn).serve.func1()\n\t/usr/go/src/net/http/server.go:1947 +0xbe\n\
                  panic({0x1, 0x2})\n\t/usr/go/src/runtime/panic.go:785 +0x1\n\
                  main.handle()\n\t/x/server.go:31 +0x1d\nmain.main()\n\t/x/server.go:5 +0x2\n";
        assert_eq!(heard(go), ["panic at /x/server.go:31"]);
        let php = "PHP Fatal error:  Uncaught TypeError: f(): in vain in /x/s.php:31\nStack trace:\n\
                   #0 /x/s.php(5): f()\n#1 {main}\n  thrown in /x/s.php on line 31\n";
        assert_eq!(heard(php), ["TypeError at /x/s.php:31"]);
        let memory = "Fatal error: Allowed memory size of 5 bytes exhausted in /x/s.php on line 7";
        assert_eq!(heard(memory), ["Fatal error at /x/s.php:7"]);
        let ruby = "#<Thread:0x1 run> terminated with exception (report_on_exception is true):\n\
                    s.rb:31:in 'Integer#/': divided by 0 (ZeroDivisionError)\n\tfrom s.rb:5:in '<main>'\n";
        assert_eq!(heard(ruby), ["ZeroDivisionError at s.rb:31"]);
    }

    #[test]
    fn what_servers_usually_write_is_none() {
        let text = "listening at 127.0.0.1:1863\nError: bad password of x\nlogged in: y\n\
                    no Exception here\n  at noon\nFile \"x\", line 3\nalice:5:in (limbo)\n\
                    warning: 3 errors\n    at all (never)\n\n\tat large\n";
        assert!(heard(text).is_empty(), "{:?}", heard(text));
    }
}
