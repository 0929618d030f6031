//! Options: one static table a program feeds the parser, the usage line, `--help`, and the check
//! against the manual page.
//!
//! Letters bundle and take values attached or apart, as in s6's tools: `-wU -T5000`, `-w U -T 5000`.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;

use lexopt::Arg;

use crate::{Failure, Unable, answer, name_program, program};

/// One option.
#[derive(Debug)]
pub struct Opt {
    /// Its letter.
    pub letter: Option<char>,
    /// Its long name, without dashes.
    pub long: Option<&'static str>,
    /// What its value is called; `None` if it takes none.
    pub value: Option<&'static str>,
    /// The value may be absent; it is given as `--wait=VALUE` only.
    pub is_optional: bool,
    /// What it does, in half a line.
    pub help: &'static str,
}

impl Opt {
    /// An option of one letter without a value.
    pub const fn flag(letter: char, help: &'static str) -> Opt {
        Opt { letter: Some(letter), long: None, value: None, is_optional: false, help }
    }

    /// An option of one letter with a value.
    pub const fn value(letter: char, value: &'static str, help: &'static str) -> Opt {
        Opt { letter: Some(letter), long: None, value: Some(value), is_optional: false, help }
    }

    /// The same with a long name beside the letter.
    pub const fn or(self, long: &'static str) -> Opt {
        Opt { long: Some(long), ..self }
    }

    /// The same, but that the value may be absent: then it is empty.
    pub const fn or_nothing(self) -> Opt {
        Opt { is_optional: true, ..self }
    }

    /// An option that has only a long name.
    pub const fn long(long: &'static str, value: Option<&'static str>, help: &'static str) -> Opt {
        Opt { letter: None, long: Some(long), value, is_optional: false, help }
    }
}

/// A program as its users see it.
#[derive(Debug)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// The usage, without the name: `[ -t ms ] scandir`. One line each way to call it.
    pub usage: &'static [&'static str],
    /// Its options, in the order of the help.
    pub options: &'static [Opt],
}

/// One thing of a command line.
#[derive(Debug)]
pub enum Word {
    /// An option, by its letter, or by its long name if it has no letter.
    Option(Name, OsString),
    /// Anything else.
    Operand(OsString),
}

/// How an option is told from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// By its letter.
    Letter(char),
    /// By its long name; only options that have no letter.
    Long(&'static str),
}

/// Where operands are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operands {
    Anywhere,
    AtTheEnd,
}

impl Program {
    /// The words of a command line, `args[0]` being the name the program was called by. Sets the name
    /// that messages begin with. Operands are taken as they come, also before options, and everything
    /// after `--`. `None`: `--help` or `--version` was asked for and answered.
    ///
    /// # Errors
    /// `Usage`, for an option that is not in the table or lacks its value.
    pub fn parse(&self, args: Vec<OsString>) -> Result<Option<Vec<Word>>, Failure> {
        self.take_apart(args, Operands::Anywhere)
    }

    /// The same for a program that executes another one: options end at the first operand, and whatever follows it
    /// belongs to that other program.
    ///
    /// # Errors
    /// As `parse`.
    pub fn parse_command(&self, args: Vec<OsString>) -> Result<Option<Vec<Word>>, Failure> {
        self.take_apart(args, Operands::AtTheEnd)
    }

    fn take_apart(&self, args: Vec<OsString>, operands: Operands) -> Result<Option<Vec<Word>>, Failure> {
        name_program(self.name);
        let mut parser = lexopt::Parser::from_args(args.into_iter().skip(1));
        let mut words = Vec::new();
        while let Some(arg) = parser.next().map_err(|e| self.misuse(&e.to_string()))? {
            let option = match &arg {
                Arg::Short(letter) => self.options.iter().find(|o| o.letter == Some(*letter)),
                Arg::Long("help") => return self.answer(&self.help()),
                Arg::Long("version") => return self.answer(&self.version()),
                Arg::Long(long) => self.options.iter().find(|o| o.long == Some(*long)),
                Arg::Value(value) => {
                    words.push(Word::Operand(value.clone()));
                    if operands == Operands::Anywhere {
                        continue;
                    }
                    // No letter of a bundle is left over where an operand was found.
                    let rest = parser.raw_args().map_err(|e| self.misuse(&e.to_string()))?;
                    words.extend(rest.map(Word::Operand));
                    break;
                }
            };
            let Some(option) = option else {
                return Err(self.misuse(&arg.unexpected().to_string()));
            };
            let value = match option.value {
                Some(_) if option.is_optional => parser.optional_value().unwrap_or_default(),
                Some(_) => parser.value().map_err(|e| self.misuse(&e.to_string()))?,
                None => OsString::new(),
            };
            let name = match option.letter {
                Some(letter) => Name::Letter(letter),
                None => Name::Long(option.long.unwrap_or_default()),
            };
            words.push(Word::Option(name, value));
        }
        Ok(Some(words))
    }

    fn answer(&self, text: &str) -> Result<Option<Vec<Word>>, Failure> {
        answer(text.as_bytes()).map(|()| None).unable(|| "write to standard output")
    }

    /// The failure of a call that is wrong as a whole: it shows the usage.
    pub fn usage(&self) -> Failure {
        Failure::Usage(self.usage_text().into())
    }

    /// The failure of a call in which `what` is wrong.
    pub fn misuse(&self, what: &str) -> Failure {
        Failure::Usage(format!("{what}; {}", self.usage_text()).into())
    }

    fn usage_text(&self) -> String {
        let mut text = String::from("usage: ");
        for (i, line) in self.usage.iter().enumerate() {
            let _ = write!(text, "{}{} {line}", if i > 0 { " | " } else { "" }, self.name);
        }
        text
    }

    fn version(&self) -> String {
        format!("{} {}\n", program(), env!("CARGO_PKG_VERSION"))
    }

    /// What `--help` says.
    pub fn help(&self) -> String {
        let mut text = format!("{}: {}\n\n", self.name, self.about);
        for (i, line) in self.usage.iter().enumerate() {
            let _ = writeln!(text, "{} {} {line}", if i == 0 { "usage:" } else { "      " }, self.name);
        }
        text.push('\n');
        for option in self.options {
            let mut left = match (option.letter, option.long) {
                (Some(letter), Some(long)) => format!("-{letter}, --{long}"),
                (Some(letter), None) => format!("-{letter}"),
                (None, long) => format!("    --{}", long.unwrap_or_default()),
            };
            let _ = match option.value {
                Some(value) if option.is_optional => write!(left, "[={value}]"),
                Some(value) => write!(left, " {value}"),
                None => Ok(()),
            };
            let _ = writeln!(text, "  {left:<26} {}", option.help);
        }
        let _ = writeln!(text, "  {:<26} this text\n  {:<26} the version", "    --help", "    --version");
        text
    }
}

/// The number that an option's value is: decimal, nothing around it.
///
/// # Errors
/// `Usage`, naming the value and what it should be.
pub fn number<T: TryFrom<u64>>(value: &OsStr, what: &str) -> Result<T, Failure> {
    let number = digits(value).and_then(|number| number.try_into().ok());
    number.ok_or_else(|| no_number(value, what))
}

fn digits(value: &OsStr) -> Option<u64> {
    value.to_str().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

#[cold]
#[inline(never)] // The types of numbers are many, and it is larger than what they have of their own.
fn no_number(value: &OsStr, what: &str) -> Failure {
    Failure::Usage(format!("{what} is not a number: {}", value.display()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Program = Program {
        name: "tool",
        about: "does things",
        usage: &["[ -a ] [ -w what ] dir"],
        options: &[
            Opt::flag('a', "all"),
            Opt::value('w', "what", "wait"),
            Opt::value('t', "ms", "time").or("timeout"),
            Opt::long("watch", None, "look"),
            Opt::long("wait", Some("state"), "wait").or_nothing(),
        ],
    };

    fn words(line: &[&str]) -> Result<Vec<String>, Failure> {
        Ok(shown(PROGRAM.parse(args(line))?))
    }

    fn args(line: &[&str]) -> Vec<OsString> {
        std::iter::once("tool").chain(line.iter().copied()).map(OsString::from).collect()
    }

    fn shown(words: Option<Vec<Word>>) -> Vec<String> {
        words
            .expect("no help was asked for")
            .into_iter()
            .map(|word| match word {
                Word::Option(Name::Letter(letter), value) => format!("{letter}={}", value.display()),
                Word::Option(Name::Long(long), value) => format!("{long}={}", value.display()),
                Word::Operand(operand) => operand.display().to_string(),
            })
            .collect()
    }

    #[test]
    fn what_follows_a_command_is_its_own() {
        let words = |line: &[&str]| shown(PROGRAM.parse_command(args(line)).unwrap());
        assert_eq!(words(&["-a", "prog", "-a", "--", "--help"]), ["a=", "prog", "-a", "--", "--help"]);
        assert_eq!(words(&["-t5", "--", "-prog", "-a"]), ["t=5", "-prog", "-a"]);
        assert_eq!(words(&["-a", "--"]), ["a="]);
    }

    #[test]
    fn letters_bundle_and_take_values_attached_or_apart() {
        assert_eq!(words(&["-awU", "-t", "5", "web", "-a"]).unwrap(), ["a=", "w=U", "t=5", "web", "a="]);
        assert_eq!(words(&["--timeout=5", "--watch", "--", "-a"]).unwrap(), ["t=5", "watch=", "-a"]);
    }

    #[test]
    fn optional_value_is_given_with_an_equals_sign_only() {
        assert_eq!(words(&["--wait", "ready"]).unwrap(), ["wait=", "ready"]);
        assert_eq!(words(&["--wait=ready", "web"]).unwrap(), ["wait=ready", "web"]);
    }

    #[test]
    fn what_is_not_in_the_table_is_misuse() {
        for line in [&["-z"][..], &["--nothing"], &["-w"]] {
            assert_eq!(words(line).unwrap_err().code(), 100, "{line:?}");
        }
    }

    #[test]
    fn numbers_are_plain_decimal() {
        assert_eq!(number::<u32>(OsStr::new("12"), "n").unwrap(), 12);
        for text in ["", "-1", "+1", " 1", "1s", "99999999999"] {
            assert!(number::<u32>(OsStr::new(text), "n").is_err(), "{text:?}");
        }
    }
}
