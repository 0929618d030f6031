//! `svinit`'s own options.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use cli::Failure;
use cli::options::{self, Name, Opt, Program, Word};
use sys::child::Company;
use unix::Signal;

use crate::plan::{After, Cannot, Plan, Rewrites, Target};

/// How long what is left of a tree may take to end.
const GRACE: Duration = Duration::from_secs(3);

/// The program as its users see it.
pub const PROGRAM: Program = Program {
    name: "svinit",
    about: "runs a command as the first process of a container: hands on signals, reaps, waits for all",
    usage: &[
        "[ -cv ] [ -r from:to ] [ -e code ] [ -p signal ] [ --stop-timeout ms ] [ --grace ms ] -- command...",
    ],
    options: &[
        Opt::flag('c', "signals for the command alone, not for its process group").or("single-child"),
        Opt::value('r', "from:to", "hand a signal on as another one; to 0: not at all").or("rewrite"),
        Opt::value('e', "code", "an exit code that counts as 0").or("forgive"),
        Opt::value('p', "signal", "get this signal when the parent dies").or("parent-death"),
        Opt::flag('v', "say what is done").or("verbose"),
        Opt::long("stop-timeout", Some("ms"), "kill everything so long after a signal to end"),
        Opt::long("grace", Some("ms"), "what the command leaves behind may take so long to end (3000)"),
        Opt::long("linger", None, "wait for what the command leaves behind, and do not tell it to end"),
        Opt::long("no-wait", None, "leave with the command, whatever it leaves behind"),
    ],
};

/// Reads the command line; `None`: help was asked for.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Option<Plan>, Failure> {
    let Some(words) = PROGRAM.parse_command(args)? else { return Ok(None) };
    let mut plan = Plan {
        command: Vec::new(),
        company: Company::OwnTerminal,
        target: Target::Group,
        rewrites: Rewrites::default(),
        adopts: true,
        when_parent_dies: None,
        forgiven: Vec::new(),
        after: After::Wait(GRACE),
        patience: None,
        passes_signals_on: false,
        knows_shell_scripts: false,
        stops_along: true,
        tells: false,
        tells_orphans: false,
        cannot: Cannot::Shell,
    };
    for word in words {
        match word {
            Word::Option(Name::Letter(letter), value) => plan.letter(letter, &value)?,
            Word::Option(Name::Long("stop-timeout"), value) => {
                plan.patience = Some(ms(&value, "--stop-timeout")?)
            }
            Word::Option(Name::Long("grace"), value) => plan.after = After::Wait(ms(&value, "--grace")?),
            Word::Option(Name::Long("linger"), _) => plan.after = After::Linger,
            Word::Option(Name::Long(_), _) => plan.after = After::Leave,
            Word::Operand(word) => plan.command.push(word),
        }
    }
    if plan.command.is_empty() {
        return Err(PROGRAM.usage());
    }
    for signal in [Signal::TSTP, Signal::TTIN, Signal::TTOU] {
        plan.rewrites.set_by_default(signal, Signal::STOP);
    }
    Ok(Some(plan))
}

impl Plan {
    fn letter(&mut self, letter: char, value: &OsStr) -> Result<(), Failure> {
        match letter {
            'c' => {
                self.company = Company::Foreground;
                self.target = Target::Process;
            }
            'r' => {
                let (from, to) = rewrite(value).ok_or_else(|| wrong("no such rewriting", value))?;
                self.rewrites.set(from, to);
            }
            'e' => self.forgiven.push(options::number(value, "the exit code")?),
            'p' => self.when_parent_dies = Some(signal(value).ok_or_else(|| wrong("no such signal", value))?),
            _ => self.tells = true,
        }
        Ok(())
    }
}

fn wrong(what: &str, value: &OsStr) -> Failure {
    PROGRAM.misuse(&format!("{what}: {}", value.display()))
}

fn ms(value: &OsStr, what: &str) -> Result<Duration, Failure> {
    options::number(value, what).map(Duration::from_millis)
}

fn signal(value: &OsStr) -> Option<Signal> {
    Signal::parse(value.to_str()?)
}

/// `TERM:QUIT`, `15:3`, `15:0`.
fn rewrite(value: &OsStr) -> Option<(Signal, Option<Signal>)> {
    let (from, to) = value.to_str()?.split_once(':')?;
    let to = if to == "0" { None } else { Some(Signal::parse(to)?) };
    Some((Signal::parse(from)?, to))
}
