//! The proxy: one command, its signals, and the dead.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cli::{Failure, Unable};
use sys::child::Company;
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
                (Cannot::Always(code), failure) if failure.is_exec() => ExitCode::from(code),
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
    if plan.passes_signals_on {
        signals::pass_on();
    }
    let all: Vec<Signal> = (1..=Signal::MAX).filter_map(Signal::new).collect();
    let signals = signals::take(&all).unable(|| "take signals")?;
    if let Some(signal) = plan.when_parent_dies {
        process::signal_when_parent_dies(signal).unable(|| "ask for a signal at the death of the parent")?;
    }
    if plan.adopts {
        process::become_subreaper().unable(|| "become the parent of orphans")?;
    }
    if plan.company == Company::OwnTerminal && process::leads_session() && sys::terminal::let_go() {
        // With these the kernel tells a session that it has lost its terminal: they are not for the command.
        signals::forget(&[Signal::HUP, Signal::CONT]).unable(|| "read signals")?;
    }
    let command = spawn(plan).map_err(|error| cannot(plan, &error))?;
    tell(plan, format_args!("process {command}: {} was started", plan.command[0].display()));
    let _ = process::leave_directory();
    Ok(Proxy { plan, signals, command, kill_at: None, kills: 0, end: None })
}

fn spawn(plan: &Plan) -> io::Result<Pid> {
    let spawned = exec::spawn_in(&plan.command, plan.company);
    let script = exec::find(&plan.command[0]).filter(|_| plan.knows_shell_scripts);
    match (&spawned, script) {
        (Err(error), Some(script)) if problem::is_no_executable(error) => {
            let mut words = vec!["/bin/sh".into(), script.into_os_string()];
            words.extend_from_slice(&plan.command[1..]);
            exec::spawn_in(&words, plan.company)
        }
        _ => spawned,
    }
}

fn cannot(plan: &Plan, error: &io::Error) -> Failure {
    let program = &plan.command[0];
    let path = exec::find(program).unwrap_or_else(|| Path::new(program).to_owned());
    let problem = problem::diagnose(&path, error);
    let missing = problem.is_missing();
    Failure::exec(format!("{}: {problem}", program.display()), missing)
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
    /// Everything is killed then.
    kill_at: Option<Duration>,
    /// How often everything was killed.
    kills: u32,
    /// How the command ended.
    end: Option<Exit>,
}

impl Proxy<'_> {
    fn serve(mut self) -> Result<u8, Failure> {
        loop {
            if let Some(exit) = self.end
                && (matches!(self.plan.after, After::Leave | After::TellAndLeave) || !child::any_left())
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
            if self.kill_at.is_some_and(|at| at <= clock::monotonic()) && !self.kill_all() {
                return Ok(self.end.map_or(LOST, |exit| self.plan.code(exit)));
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
            After::Leave | After::Linger => {}
            After::TellAndLeave => {
                if let Some(signal) = self.plan.rewrites.of(Signal::TERM) {
                    self.send(signal);
                }
            }
            After::Wait(grace) => {
                self.kill_at = Some(clock::monotonic() + grace);
                signal_all(Signal::TERM);
                signal_all(Signal::CONT);
                self.kills = 0;
            }
        }
    }

    fn hand_on(&mut self, signal: Signal) {
        let asks_to_end = [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP].contains(&signal);
        if let (true, None, Some(patience)) = (asks_to_end, self.kill_at, self.plan.patience) {
            self.kill_at = Some(clock::monotonic() + patience);
        }
        match (self.end, self.plan.rewrites.of(signal)) {
            (_, None) => tell(self.plan, format_args!("{signal} is not handed on")),
            // The command is gone, and the rest was told to end.
            (Some(_), Some(signal)) => {
                signal_all(signal);
            }
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

    /// Time is up: whoever is left dies. Those that the dead leave behind are found the next time. `false`: there is
    /// no use in waiting any longer.
    fn kill_all(&mut self) -> bool {
        if self.kills == 0 {
            tell(self.plan, "time is up: what is left is killed");
        }
        // Without /proc the command is all that is known.
        let is_known = signal_all(Signal::KILL);
        if self.end.is_none() {
            let _ = child::kill(self.command, Signal::KILL);
        }
        self.kills += 1;
        self.kill_at = Some(clock::monotonic() + AGAIN);
        if self.kills < MOST_KILLS && (is_known || self.end.is_none()) {
            return true;
        }
        cli::warn("not everything that the command has left behind could be killed");
        false
    }
}

/// The time between two rounds of killing.
const AGAIN: Duration = Duration::from_millis(100);
/// Rounds of killing. Who lives on then belongs to another user, or hangs in the kernel.
const MOST_KILLS: u32 = 20;
/// The exit code for a command that could not be killed.
const LOST: u8 = 128 + 9;

/// Signals every descendant, and nobody else; `false`: they are not known here.
fn signal_all(signal: Signal) -> bool {
    family::each(|descendant| {
        let _ = family::kill(descendant, signal);
    })
    .is_ok()
}
