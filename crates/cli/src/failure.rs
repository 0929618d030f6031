//! How a program fails, by what that means to whoever called it.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::message::{reason, say};

/// Why a program ends without having done what it should. It is small, because every way back moves it: what each
/// kind holds is as wide as a pointer, so that it goes back in two registers.
#[derive(Debug)]
pub enum Failure {
    /// Called wrongly: the usage line, or what is wrong with an option. Exit 100.
    Usage(Text),
    /// The request cannot be met, now or later. Exit 100.
    Refused(Text),
    /// Time is up. Exit 99.
    TimedOut,
    /// Nobody supervises it, or the supervisor died while we waited. Exit 102.
    NoSupervisor(Text),
    /// The system refused: trying again may help. Exit 111.
    System(Box<Trouble>),
    /// A program could not be executed: "PROGRAM: REASON", to be read after "unable to execute". Exit 126.
    Exec(Text),
    /// The same, because it does not exist. Exit 127.
    Missing(Text),
    /// Everything that there is to say was said already; only the exit code is left, 1 to 255.
    Silent(usize),
}

/// What the system refused.
#[derive(Debug)]
pub struct Trouble {
    /// "VERB OBJECT", to be read after "unable to".
    pub what: Cow<'static, str>,
    /// Why.
    pub cause: io::Error,
}

/// What there is to say.
#[derive(Debug)]
pub struct Text(Box<Cow<'static, str>>);

impl From<&'static str> for Text {
    #[cold]
    #[inline(never)]
    fn from(text: &'static str) -> Text {
        Text(Box::new(text.into()))
    }
}

impl From<String> for Text {
    #[cold]
    #[inline(never)]
    fn from(text: String) -> Text {
        Text(Box::new(text.into()))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failure {
    /// The system refused to do `what`: "VERB OBJECT".
    pub fn system(what: impl What, cause: io::Error) -> Failure {
        what.refused(cause)
    }

    /// A program could not be executed: "PROGRAM: REASON".
    pub fn exec(what: String, missing: bool) -> Failure {
        if missing { Failure::Missing(what.into()) } else { Failure::Exec(what.into()) }
    }

    /// A program could not be executed.
    pub fn is_exec(&self) -> bool {
        matches!(self, Failure::Exec(_) | Failure::Missing(_))
    }

    /// The exit code, 1 to 255.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) | Failure::Refused(_) => 100,
            Failure::TimedOut => 99,
            Failure::NoSupervisor(_) => 102,
            Failure::System(_) => 111,
            Failure::Exec(_) => 126,
            Failure::Missing(_) => 127,
            Failure::Silent(code) => *code as u8,
        }
    }

    /// Says it on standard error and gives the exit code.
    pub fn report(&self) -> ExitCode {
        match self {
            Failure::Usage(text) | Failure::Refused(text) | Failure::NoSupervisor(text) => say(text),
            Failure::TimedOut => say("timed out"),
            Failure::System(trouble) => {
                say(format_args!("unable to {}: {}", trouble.what, reason(&trouble.cause)));
            }
            Failure::Exec(what) | Failure::Missing(what) => say(format_args!("unable to execute {what}")),
            Failure::Silent(_) => {}
        }
        ExitCode::from(self.code())
    }
}

/// What was tried: "VERB OBJECT", to be read after "unable to".
pub trait What {
    /// The system refused to do it.
    fn refused(self, cause: io::Error) -> Failure;
}

// Each is a call, and no more, where it is used: its callers are many.
impl What for &'static str {
    #[cold]
    #[inline(never)]
    fn refused(self, cause: io::Error) -> Failure {
        Failure::System(Box::new(Trouble { what: self.into(), cause }))
    }
}

impl What for String {
    #[cold]
    #[inline(never)]
    fn refused(self, cause: io::Error) -> Failure {
        Failure::System(Box::new(Trouble { what: self.into(), cause }))
    }
}

/// A verb and the path that is its object.
impl<P: AsRef<Path> + ?Sized> What for (&'static str, &P) {
    fn refused(self, cause: io::Error) -> Failure {
        refused_path(self.0, self.1.as_ref(), cause)
    }
}

#[cold]
#[inline(never)]
fn refused_path(verb: &'static str, path: &Path, cause: io::Error) -> Failure {
    format!("{verb} {}", path.display()).refused(cause)
}

/// Turns an error of the system into a failure that says what was tried.
pub trait Unable<T> {
    /// `what` is "VERB OBJECT", read after "unable to".
    ///
    /// # Errors
    /// `Failure::System`, if this was an error.
    fn unable<W: What>(self, what: impl FnOnce() -> W) -> Result<T, Failure>;
}

impl<T> Unable<T> for io::Result<T> {
    fn unable<W: What>(self, what: impl FnOnce() -> W) -> Result<T, Failure> {
        self.map_err(|cause| Failure::system(what(), cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_contract() {
        assert_eq!(Failure::Usage("".into()).code(), 100);
        assert_eq!(Failure::TimedOut.code(), 99);
        assert_eq!(Failure::NoSupervisor("".into()).code(), 102);
        assert_eq!(Err::<(), _>(io::Error::other("x")).unable(|| "y").unwrap_err().code(), 111);
    }

    #[test]
    fn failure_goes_back_in_registers() {
        assert_eq!(size_of::<Result<(), Failure>>(), 2 * size_of::<usize>());
    }
}
