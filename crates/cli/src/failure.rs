//! How a program fails, by what that means to whoever called it.

use std::borrow::Cow;
use std::io;
use std::process::ExitCode;

use crate::message::{reason, say};

/// Why a program ends without having done what it should.
#[derive(Debug)]
pub enum Failure {
    /// Called wrongly: the usage line, or what is wrong with an option. Exit 100.
    Usage(Cow<'static, str>),
    /// The request cannot be met, now or later. Exit 100.
    Refused(Cow<'static, str>),
    /// Time is up. Exit 99.
    TimedOut,
    /// Nobody supervises it, or the supervisor died while we waited. Exit 102.
    NoSupervisor(String),
    /// The system refused: trying again may help. Exit 111.
    System {
        /// "VERB OBJECT", to be read after "unable to".
        what: String,
        /// Why.
        cause: io::Error,
    },
    /// A program could not be executed. Exit 127 if it does not exist, else 126.
    Exec {
        /// Its name as the user knows it.
        program: String,
        /// Why, as a phrase.
        why: String,
        /// It does not exist.
        missing: bool,
    },
    /// Everything that there is to say was said already; only the exit code is left.
    Silent(u8),
}

impl Failure {
    /// The exit code, 1 to 255.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Usage(_) | Failure::Refused(_) => 100,
            Failure::TimedOut => 99,
            Failure::NoSupervisor(_) => 102,
            Failure::System { .. } => 111,
            Failure::Exec { missing, .. } => {
                if *missing {
                    127
                } else {
                    126
                }
            }
            Failure::Silent(code) => *code,
        }
    }

    /// Says it on standard error and gives the exit code.
    pub fn report(&self) -> ExitCode {
        match self {
            Failure::Usage(text) | Failure::Refused(text) => say(text),
            Failure::TimedOut => say("timed out"),
            Failure::NoSupervisor(text) => say(text),
            Failure::System { what, cause } => say(format_args!("unable to {what}: {}", reason(cause))),
            Failure::Exec { program, why, .. } => say(format_args!("unable to execute {program}: {why}")),
            Failure::Silent(_) => {}
        }
        ExitCode::from(self.code())
    }
}

/// Turns an error of the system into a failure that says what was tried.
pub trait Unable<T> {
    /// `what` is "VERB OBJECT", read after "unable to".
    ///
    /// # Errors
    /// `Failure::System`, if this was an error.
    fn unable<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T, Failure>;
}

impl<T> Unable<T> for io::Result<T> {
    fn unable<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T, Failure> {
        self.map_err(|cause| Failure::System { what: what().into(), cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_contract() {
        assert_eq!(Failure::Usage("".into()).code(), 100);
        assert_eq!(Failure::TimedOut.code(), 99);
        assert_eq!(Failure::NoSupervisor(String::new()).code(), 102);
        assert_eq!(Err::<(), _>(io::Error::other("x")).unable(|| "y").unwrap_err().code(), 111);
    }
}
