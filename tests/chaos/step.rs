//! One step of a plan, and how it is written down.

use std::fmt::{self, Display};

/// What can be done to the tree. Services are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes to `supervise/control`.
    Command(String, String),
    /// Bytes to the scanner's `control`.
    Scan(String),
    /// A signal to the supervisor of a service, from nowhere.
    Supervisor(String, &'static str),
    /// A signal to the scanner.
    Scanner(&'static str),
    /// The scanner is started again, unless it lives.
    Start,
    /// A signal to `run`.
    Run(String, &'static str),
    /// A signal to the script that runs now.
    Script(String, &'static str),
    /// The link in the scan directory goes.
    Unlink(String),
    /// It comes back.
    Link(String),
    /// It is replaced by another link to the same directory.
    Relink(String),
    /// The small file system gets full.
    Fill,
    Free,
    /// The supervisor of a service may have no more descriptors than it has.
    Descriptors(String),
    /// It may again.
    DescriptorsFree(String),
    /// Nobody in the tree may start a process.
    Processes,
    ProcessesFree,
    /// `supervise/control` is removed.
    FifoRemove(String),
    /// A plain file stands in its place.
    FifoReplace(String),
    /// 64 kB of bytes that mean nothing.
    FifoRubbish(String),
    /// A listener in `event/` that never reads.
    Deaf(String),
}

/// The signals of a plan.
const SIGNALS: [&str; 6] = ["KILL", "STOP", "CONT", "TERM", "USR1", "USR2"];

fn signal(word: &str) -> Option<&'static str> {
    SIGNALS.into_iter().find(|&name| name == word)
}

impl Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Command(name, bytes) => write!(f, "command {name} {bytes}"),
            Step::Scan(bytes) => write!(f, "scan {bytes}"),
            Step::Supervisor(name, signal) => write!(f, "supervisor {name} {signal}"),
            Step::Scanner(signal) => write!(f, "scanner {signal}"),
            Step::Start => write!(f, "start"),
            Step::Run(name, signal) => write!(f, "run {name} {signal}"),
            Step::Script(name, signal) => write!(f, "script {name} {signal}"),
            Step::Unlink(name) => write!(f, "unlink {name}"),
            Step::Link(name) => write!(f, "link {name}"),
            Step::Relink(name) => write!(f, "relink {name}"),
            Step::Fill => write!(f, "fill"),
            Step::Free => write!(f, "free"),
            Step::Descriptors(name) => write!(f, "descriptors {name}"),
            Step::DescriptorsFree(name) => write!(f, "descriptors-free {name}"),
            Step::Processes => write!(f, "processes"),
            Step::ProcessesFree => write!(f, "processes-free"),
            Step::FifoRemove(name) => write!(f, "fifo-remove {name}"),
            Step::FifoReplace(name) => write!(f, "fifo-replace {name}"),
            Step::FifoRubbish(name) => write!(f, "fifo-rubbish {name}"),
            Step::Deaf(name) => write!(f, "deaf {name}"),
        }
    }
}

impl Step {
    /// From what `Display` wrote.
    pub fn parse(text: &str) -> Option<Step> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let name = || words[1].to_owned();
        Some(match words[..] {
            ["command", _, bytes] => Step::Command(name(), bytes.to_owned()),
            ["scan", bytes] => Step::Scan(bytes.to_owned()),
            ["supervisor", _, word] => Step::Supervisor(name(), signal(word)?),
            ["scanner", word] => Step::Scanner(signal(word)?),
            ["start"] => Step::Start,
            ["run", _, word] => Step::Run(name(), signal(word)?),
            ["script", _, word] => Step::Script(name(), signal(word)?),
            ["unlink", _] => Step::Unlink(name()),
            ["link", _] => Step::Link(name()),
            ["relink", _] => Step::Relink(name()),
            ["fill"] => Step::Fill,
            ["free"] => Step::Free,
            ["descriptors", _] => Step::Descriptors(name()),
            ["descriptors-free", _] => Step::DescriptorsFree(name()),
            ["processes"] => Step::Processes,
            ["processes-free"] => Step::ProcessesFree,
            ["fifo-remove", _] => Step::FifoRemove(name()),
            ["fifo-replace", _] => Step::FifoReplace(name()),
            ["fifo-rubbish", _] => Step::FifoRubbish(name()),
            ["deaf", _] => Step::Deaf(name()),
            _ => return None,
        })
    }

    /// The service that it is about.
    pub fn service(&self) -> Option<&str> {
        match self {
            Step::Command(name, _)
            | Step::Supervisor(name, _)
            | Step::Run(name, _)
            | Step::Script(name, _)
            | Step::Unlink(name)
            | Step::Link(name)
            | Step::Relink(name)
            | Step::Descriptors(name)
            | Step::DescriptorsFree(name)
            | Step::FifoRemove(name)
            | Step::FifoReplace(name)
            | Step::FifoRubbish(name)
            | Step::Deaf(name) => Some(name),
            Step::Scan(_)
            | Step::Scanner(_)
            | Step::Start
            | Step::Fill
            | Step::Free
            | Step::Processes
            | Step::ProcessesFree => None,
        }
    }
}
