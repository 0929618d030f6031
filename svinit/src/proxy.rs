//! The proxy: one command, its signals, and the dead.

use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cli::{Failure, Unable};
use sys::signals::{self, Signals};
use sys::{child, clock, exec, family, poll, problem, process};
use unix::{Exit, Pid, Signal};

use crate::plan::{After, Cannot, Plan, Target};

/// Starts the command of a plan, looks after it, and gives its exit code.
pub(crate) fn run(plan: &Plan) -> ExitCode {
    match start(plan).and_then(Proxy::serve) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let code = failure.report();
            match (plan.cannot, failure) {
                (Cannot::Always(code), Failure::Exec { .. }) => ExitCode::from(code),
                _ => code,
            }
        }
    }
}

/// Runs no command: reaps until it is told to end.
pub(crate) fn pause() -> ExitCode {
    match wait_for_end() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn wait_for_end() -> Result<(), Failure> {
    let ends = [Signal::TERM, Signal::INT];
    let signals = signals::take(&[ends[0], ends[1], Signal::CHLD]).unable(|| "take signals")?;
    process::become_subreaper().unable(|| "become the parent of orphans")?;
    loop {
        poll::wait([Some(signals.as_fd())], None).unable(|| "wait for signals")?;
        while let Some(signal) = signals.next().unable(|| "read signals")? {
            if ends.contains(&signal) {
                return Ok(());
            }
            while child::reap().unable(|| "wait for a child")?.is_some() {}
        }
    }
}

fn start(plan: &Plan) -> Result<Proxy<'_>, Failure> {
    process::open_standard_descriptors().unable(|| "open /dev/null")?;
    let all: Vec<Signal> = (1..=Signal::MAX).filter_map(Signal::new).collect();
    let signals = signals::take(&all).unable(|| "take signals")?;
    if let Some(signal) = plan.when_parent_dies {
        process::signal_when_parent_dies(signal).unable(|| "ask for a signal at the death of the parent")?;
    }
    if plan.adopts {
        process::become_subreaper().unable(|| "become the parent of orphans")?;
    }
    // The kernel tells a session that loses its terminal so: these two are not for the command.
    let loses_terminal =
        plan.company == child::Company::OwnTerminal && process::leads_session() && sys::terminal::let_go();
    let unwanted = if loses_terminal { vec![Signal::HUP, Signal::CONT] } else { Vec::new() };
    let command = exec::spawn_in(&plan.command, plan.company).map_err(|error| cannot(plan, &error))?;
    tell(plan, format_args!("process {command}: {} was started", plan.command[0].display()));
    Ok(Proxy { plan, signals, command, unwanted, kill_at: None, end: None })
}

fn cannot(plan: &Plan, error: &std::io::Error) -> Failure {
    let program = &plan.command[0];
    let path = exec::find(program).unwrap_or_else(|| Path::new(program).to_owned());
    let problem = problem::diagnose(&path, error);
    let missing = problem.is_missing();
    Failure::Exec { program: program.to_string_lossy().into_owned(), why: problem.to_string(), missing }
}

fn tell(plan: &Plan, text: impl std::fmt::Display) {
    if plan.tells {
        cli::say(text);
    }
}

/// The command and what is known of it.
struct Proxy<'a> {
    plan: &'a Plan,
    signals: Signals,
    command: Pid,
    /// Signals of which the next one is not handed on.
    unwanted: Vec<Signal>,
    /// Everything is killed then.
    kill_at: Option<Duration>,
    /// How the command ended.
    end: Option<Exit>,
}

impl Proxy<'_> {
    fn serve(mut self) -> Result<u8, Failure> {
        loop {
            if let Some(exit) = self.end
                && (!matches!(self.plan.after, After::Wait(_)) || !child::any_left())
            {
                return Ok(self.plan.code(exit));
            }
            poll::wait([Some(self.signals.as_fd())], self.kill_at).unable(|| "wait for signals")?;
            while let Some(signal) = self.signals.next().unable(|| "read signals")? {
                match signal {
                    Signal::CHLD => self.reap()?,
                    signal => self.hand_on(signal),
                }
            }
            if self.kill_at.is_some_and(|at| at <= clock::monotonic()) {
                self.kill_all();
            }
        }
    }

    fn reap(&mut self) -> Result<(), Failure> {
        while let Some((pid, exit)) = child::reap().unable(|| "wait for a child")? {
            if pid == self.command {
                tell(self.plan, format_args!("process {pid}: {exit}"));
                self.ended(exit);
            } else if self.plan.tells || self.plan.tells_orphans {
                cli::say(format_args!("process {pid}, an orphan: {exit}"));
            }
        }
        Ok(())
    }

    fn ended(&mut self, exit: Exit) {
        self.end = Some(exit);
        match self.plan.after {
            After::Leave => {}
            After::TellAndLeave => self.send(Signal::TERM),
            After::Wait(grace) => {
                self.kill_at = Some(clock::monotonic() + grace);
                signal_all(Signal::TERM);
                signal_all(Signal::CONT);
            }
        }
    }

    fn hand_on(&mut self, signal: Signal) {
        if let Some(at) = self.unwanted.iter().position(|unwanted| *unwanted == signal) {
            self.unwanted.remove(at);
            return;
        }
        let asks_to_end = [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP].contains(&signal);
        if let (true, None, Some(patience)) = (asks_to_end, self.kill_at, self.plan.patience) {
            self.kill_at = Some(clock::monotonic() + patience);
        }
        match (self.end, self.plan.rewrites.of(signal)) {
            (_, None) => tell(self.plan, format_args!("{signal} is not handed on")),
            // The command is gone, and the rest was told to end.
            (Some(_), Some(signal)) => signal_all(signal),
            (None, Some(sent)) => {
                tell(self.plan, format_args!("{signal} is handed on as {sent}"));
                self.send(sent);
            }
        }
        let stops = [Signal::TSTP, Signal::TTIN, Signal::TTOU].contains(&signal);
        if stops && self.plan.stops_along && self.end.is_none() {
            process::stop_itself();
        }
    }

    fn send(&self, signal: Signal) {
        // Who is gone already needs none.
        let _ = match self.plan.target {
            Target::Process => child::kill(self.command, signal),
            Target::Group => child::kill_group(self.command, signal),
        };
    }

    /// Time is up: whoever is left dies. Those that the dead leave behind are found the next time.
    fn kill_all(&mut self) {
        tell(self.plan, "time is up: what is left is killed");
        signal_all(Signal::KILL);
        self.kill_at = Some(clock::monotonic() + AGAIN);
    }
}

/// The time between two rounds of killing.
const AGAIN: Duration = Duration::from_millis(100);

/// Signals every descendant, and nobody else.
fn signal_all(signal: Signal) {
    let _ = family::each(|descendant| {
        let _ = family::kill(descendant, signal);
    });
}
