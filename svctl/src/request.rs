//! What a command line asks for. Nothing is done here, and no directory is looked at.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use cli::Failure;
use cli::options::{Name, Opt, Program, Word};
use control::Command;
use svwait::Goal;
use unix::Signal;

/// `svctl` as its users see it.
pub const PROGRAM: Program = Program {
    name: "svctl",
    about: "shows services, and controls them and their scanner",
    usage: &[
        "[ -abqhkti12pcyrlPCKoduDUxOQ ] [ -s signal ] [ -w state ] [ -T ms ] servicedir...",
        "[ -anNhztiqb ] scandir...",
        "[ verb ... ]",
    ],
    options: &[
        Opt::flag('u', "up: start it, and again whenever it dies"),
        Opt::flag('U', "up, and remove the down file"),
        Opt::flag('d', "down: stop it and leave it down"),
        Opt::flag('D', "down, and make the down file"),
        Opt::flag('r', "restart: the down-signal; it starts again if it is wanted up"),
        Opt::flag('l', "reload: the reload-signal"),
        Opt::flag('o', "once: start it if it is down, and not again"),
        Opt::flag('O', "at most once: do not start it again; do not stop it"),
        Opt::flag('Q', "the same, and make the down file"),
        Opt::flag('x', "the supervisor exits when the service is down"),
        Opt::flag('E', "go on as the program that is installed now"),
        Opt::flag('a', "ALRM; scanner: scan now"),
        Opt::flag('b', "ABRT; scanner: execute finish now, stop nothing"),
        Opt::flag('q', "QUIT; scanner: stop everything, loggers too"),
        Opt::flag('h', "HUP; scanner: scan, and stop what has gone"),
        Opt::flag('k', "KILL"),
        Opt::flag('t', "TERM; scanner: stop everything, loggers last"),
        Opt::flag('i', "INT; scanner: the same as -t"),
        Opt::flag('1', "USR1"),
        Opt::flag('2', "USR2"),
        Opt::flag('p', "STOP (pause)"),
        Opt::flag('c', "CONT (continue)"),
        Opt::flag('y', "WINCH"),
        Opt::flag('P', "STOP to the process group"),
        Opt::flag('C', "CONT to the process group"),
        Opt::flag('K', "KILL to the process group"),
        Opt::value('s', "signal", "one of the signals above, by name or number"),
        Opt::flag('n', "scanner: stop what has gone"),
        Opt::flag('N', "scanner: the same, with TERM for loggers"),
        Opt::flag('z', "scanner: collect dead children"),
        Opt::value('w', "state", "wait: u up, U ready, d down, D startable, r, R restarted"),
        Opt::value('T', "ms", "wait so many milliseconds at most; 0: no limit"),
    ],
};

/// More letters than this are refused: they must stay together on their way.
const MOST_LETTERS: usize = 256;

/// Letters to send and a state to wait for; not both absent.
#[derive(Debug)]
pub(crate) struct Order {
    /// Command bytes, in their order.
    pub(crate) letters: Vec<u8>,
    /// What is waited for afterwards.
    pub(crate) goal: Option<Goal>,
    /// How long.
    pub(crate) timeout: Option<Duration>,
    /// Where; at least one.
    pub(crate) dirs: Vec<OsString>,
}

/// Reads a command line; `None`: it was answered already.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Option<Order>, Failure> {
    let Some(words) = PROGRAM.parse(args)? else { return Ok(None) };
    let mut order = Order { letters: Vec::new(), goal: None, timeout: None, dirs: Vec::new() };
    for word in words {
        match word {
            Word::Operand(operand) => order.dirs.push(operand),
            Word::Option(Name::Letter('s'), value) => order.letters.push(signal_letter(&PROGRAM, &value)?),
            Word::Option(Name::Letter('w'), value) => order.goal = Some(goal(&value)?),
            Word::Option(Name::Letter('T'), value) => order.timeout = svwait::milliseconds(&value)?,
            Word::Option(Name::Letter(letter), _) => order.letters.push(letter as u8),
            Word::Option(Name::Long(_), _) => {}
        }
    }
    if order.letters.len() > MOST_LETTERS {
        return Err(PROGRAM.misuse("too many letters"));
    }
    if order.dirs.is_empty() || (order.letters.is_empty() && order.goal.is_none()) {
        return Err(PROGRAM.usage());
    }
    Ok(Some(order))
}

/// The letter of a signal that has one, for `program`.
pub(crate) fn signal_letter(program: &Program, value: &OsStr) -> Result<u8, Failure> {
    let Some(signal) = value.to_str().and_then(Signal::parse) else {
        let known: Vec<&str> = signals().filter_map(Signal::name).collect();
        let what = format!("no such signal: {}; there are {}", value.display(), known.join(" "));
        return Err(program.misuse(&what));
    };
    Command::Signal(signal).byte().ok_or_else(|| {
        program.misuse(&format!("a supervisor sends no {signal}; use kill(1) with the pid of the service"))
    })
}

/// Every signal that has a letter.
pub fn signals() -> impl Iterator<Item = Signal> {
    control::supervisor::TABLE.iter().filter_map(|(_, command)| match command {
        Command::Signal(signal) => Some(*signal),
        _ => None,
    })
}

fn goal(value: &OsStr) -> Result<Goal, Failure> {
    let mut letters = value.to_str().unwrap_or_default().chars();
    match (letters.next().and_then(Goal::from_letter), letters.next()) {
        (Some(goal), None) => Ok(goal),
        _ => Err(PROGRAM.misuse(&format!("no such state to wait for: {}", value.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use control::ScanCommand;

    fn parsed(line: &[&str]) -> Result<Order, u8> {
        let args = std::iter::once("svctl").chain(line.iter().copied()).map(OsString::from).collect();
        parse(args).map(|request| request.expect("no help was asked for")).map_err(|failure| failure.code())
    }

    fn order(line: &[&str]) -> Order {
        parsed(line).unwrap()
    }

    #[test]
    fn every_letter_is_an_option_and_every_option_means_something() {
        for byte in b'0'..=b'z' {
            let letter = char::from(byte);
            let meant = Command::from_byte(byte).is_some() || ScanCommand::from_byte(byte).is_some();
            let found = PROGRAM.options.iter().find(|option| option.letter == Some(letter));
            assert_eq!(found.is_some_and(|option| option.value.is_none()), meant, "{letter}");
        }
    }

    #[test]
    fn letters_keep_their_order_and_signals_become_letters() {
        let order = order(&["-du", "-s", "SIGHUP", "-wU", "-T5000", "web", "-x", "db"]);
        assert_eq!(order.letters, b"duhx");
        assert_eq!(order.goal, Some(Goal::Ready));
        assert_eq!(order.timeout, Some(Duration::from_secs(5)));
        assert_eq!(order.dirs, ["web", "db"]);
        assert_eq!(super::tests::order(&["-twR", "web"]).letters, b"t");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            &[][..],
            &["web"],
            &["-u"],
            &["-Z", "web"],
            &["-s", "SEGV", "web"],
            &["-s", "NOTHING", "web"],
            &["-w", "x", "web"],
            &["-w", "uu", "web"],
            &["-wu", "-T", "-1", "web"],
            &["-u", "--json", "web"],
        ] {
            assert_eq!(parsed(line).unwrap_err(), 100, "{line:?}");
        }
        let many = format!("-{}", "u".repeat(MOST_LETTERS + 1));
        assert_eq!(parsed(&[&many, "web"]).unwrap_err(), 100);
    }
}
