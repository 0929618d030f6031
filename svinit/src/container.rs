//! A container with stages: the machine of `stages` between its sources and its shell.

pub(crate) mod attributes;
pub(crate) mod environment;
mod ground;
mod layout;
mod say;
mod scripts;
mod services;
mod shell;

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;

use cli::{Failure, Unable};
use stages::{Container, Event, Plan, Settings};
use sys::fifo::{self, Fifo};
use sys::signals::{self, Signals};
use sys::{child, clock, poll, process};
use unix::Signal;

use layout::Layout;
use shell::Shell;

/// The FIFO in the state directory that stops the container when somebody writes a `t` into it.
pub(crate) const CONTROL: &str = "s6/control";

/// Runs a container with this command, which may be empty. `multi_call`: this executable is the scanner, too.
pub(crate) fn run(command: Vec<OsString>, multi_call: bool) -> ExitCode {
    match prepare(command, multi_call).and_then(Stages::run) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.report(),
    }
}

fn prepare(command: Vec<OsString>, multi_call: bool) -> Result<Stages, Failure> {
    process::open_standard_descriptors().unable(|| "open /dev/null")?;
    process::keep_descriptors_from_children();
    let all: Vec<Signal> = (1..=Signal::MAX).filter_map(Signal::new).collect();
    let signals = signals::take(&all).unable(|| "take signals")?;
    // Orphans are adopted and waited for, also where this is not process 1.
    process::become_subreaper().unable(|| "become the parent of orphans")?;

    let variables: Vec<_> = std::env::vars_os().collect();
    let bytes = variables.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let (settings, complaints) = Settings::read(bytes);
    complaints.iter().for_each(say::complaint);
    let layout = Layout::new(&settings);
    ground::prepare(&layout, &variables)?;
    let control = fifo::open(&layout.control()).unable(|| format!("make {}", layout.control().display()))?;
    let command: Vec<OsString> = prefixed(&settings, command);
    let scripts = scripts::Scripts::find(&layout);
    let plan = Plan {
        has_hook: settings.hook.is_some(),
        inits: scripts.inits.len(),
        has_services: services::are_there(&layout),
        has_command: !command.is_empty(),
        finishes: scripts.finishes.len(),
    };
    let container = Container::new(plan, settings.clone());
    Ok(Stages {
        signals,
        control,
        container,
        shell: Shell::new(layout, settings, scripts, command, multi_call),
    })
}

/// The command with the words that go before it.
fn prefixed(settings: &Settings, command: Vec<OsString>) -> Vec<OsString> {
    if command.is_empty() {
        return command;
    }
    let words = settings.command_prefix.iter().map(|word| std::ffi::OsStr::from_bytes(word).to_owned());
    words.chain(command).collect()
}

/// The machine between its sources and its shell.
struct Stages {
    signals: Signals,
    control: Fifo,
    container: Container,
    shell: Shell,
}

impl Stages {
    fn run(mut self) -> Result<u8, Failure> {
        self.feed(Event::Begun);
        loop {
            if let Some(code) = self.shell.exit_code() {
                return Ok(code);
            }
            self.wait()?;
        }
    }

    fn wait(&mut self) -> Result<(), Failure> {
        let deadline = self.container.deadline();
        let notices = self.shell.notices();
        let sources: Vec<_> =
            [self.signals.as_fd(), self.control.as_fd()].into_iter().chain(notices).collect();
        let ready = poll::wait_many(&sources, deadline).unable(|| "wait for events")?;
        let told = ready.iter().any(|&index| index > 1);
        if ready.contains(&1) {
            self.read_control()?;
        }
        if told && let Some(is_ready) = self.shell.read_notices() {
            self.feed(Event::Ready(is_ready));
        }
        while let Some(signal) = self.signals.next().unable(|| "read signals")? {
            match signal {
                Signal::CHLD => self.reap()?,
                signal => self.feed(Event::Signal(signal)),
            }
        }
        if deadline.is_some_and(|at| at <= clock::monotonic()) {
            self.feed(Event::Timeout);
        }
        Ok(())
    }

    fn read_control(&mut self) -> Result<(), Failure> {
        let mut buffer = [0; 64];
        let count = self.control.read(&mut buffer).unable(|| "read commands")?;
        if buffer[..count].contains(&b't') {
            self.feed(Event::Stop);
        }
        Ok(())
    }

    fn reap(&mut self) -> Result<(), Failure> {
        while let Some((pid, exit)) = child::reap().unable(|| "wait for a child")? {
            self.feed(Event::Exited(pid, exit));
        }
        Ok(())
    }

    /// One step of the machine, and those that answer what it wants done.
    fn feed(&mut self, event: Event) {
        let mut pending = vec![event];
        while let Some(event) = pending.pop() {
            for action in self.container.step(event, clock::monotonic()) {
                pending.extend(self.shell.perform(action));
            }
        }
    }
}
