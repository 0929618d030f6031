//! Steps while `run` lives.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use control::Command;
use status::{Life, Notice};
use unix::{Exit, Now, Pid, Signal};

use crate::clearing;
use crate::event::{Action, Death, Event, Overdue, Script};
use crate::phase::{Check, Ending, Leaving, Phase, Up};
use crate::service::Service;
use crate::settings::{Essential, KillMode, Settings};

/// Signals that are sent to end a service: whatever it then does, its end was asked for. Of any other one
/// (HUP, ALRM, USR1, …) it was asked for only if the service dies of just that signal.
const ENDING: [Signal; 5] = [Signal::TERM, Signal::KILL, Signal::INT, Signal::QUIT, Signal::ABRT];

impl Up {
    /// A life that has just begun.
    pub(crate) const fn of(pid: Pid, started_at: Duration) -> Up {
        Up {
            pid,
            started_at,
            paused: false,
            ready: false,
            kill_at: None,
            asked_to_end: false,
            signals_sent: 0,
            check: Check::None,
            kill_mode: KillMode::Process,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        let check = match self.check {
            Check::None | Check::Running { pid: None, .. } | Check::Running { killed: true, .. } => None,
            Check::Waiting { at, .. } => Some(at),
            Check::Running { started_at, interval, .. } => Some(started_at + interval),
        };
        [self.kill_at, check].into_iter().flatten().min()
    }

    fn was_asked_for(&self, exit: Exit) -> bool {
        self.asked_to_end || exit.signal().is_some_and(|signal| self.signals_sent & signal.bit() != 0)
    }
}

pub(crate) fn step(
    service: &mut Service,
    up: Up,
    event: Event,
    now: Now,
    settings: &Settings,
) -> Vec<Action> {
    match event {
        Event::Exited(pid, exit) if pid == up.pid => die(service, up, exit, now, settings),
        Event::Exited(pid, exit) => after_check(service, up, pid, exit, now),
        Event::CheckSpawned(pid) => check_spawned(service, up, pid),
        Event::Ready if !up.ready => be_ready(service, up, now),
        Event::Timeout => be_late(service, up, now, settings),
        Event::Command(command) => obey(service, up, command, now, settings),
        Event::Terminate => {
            service.leaving = Leaving::WhenDown;
            bring_down(service, up, now, settings)
        }
        Event::Hangup => leave(service, up),
        Event::Quit => end_check(up).into_iter().chain([Action::Exit(0)]).collect(),
        Event::Interrupt => {
            let interrupt = Action::KillGroup(up.pid, Signal::INT);
            [interrupt].into_iter().chain(end_check(up)).chain([Action::Exit(0)]).collect()
        }
        Event::Ready
        | Event::TakenOver
        | Event::RunSpawned(_)
        | Event::ScriptSpawned(_)
        | Event::ScriptPostponed
        | Event::Swept(_)
        | Event::RunChanged => Vec::new(),
    }
}

fn obey(service: &mut Service, up: Up, command: Command, now: Now, settings: &Settings) -> Vec<Action> {
    match command {
        Command::Signal(signal) => signal_one(service, up, signal),
        Command::GroupSignal(signal) => {
            let mut actions = signal_one(service, up, signal);
            actions[0] = Action::KillGroup(up.pid, signal);
            actions
        }
        Command::Restart => signal_one(service, Up { asked_to_end: true, ..up }, settings.down_signal),
        Command::Reload => signal_one(service, up, settings.reload_signal),
        Command::Down => bring_down(service, up, now, settings),
        Command::Disable => {
            let mut actions = bring_down(service, up, now, settings);
            actions.insert(0, Action::MakeDown);
            actions
        }
        Command::Exit => leave(service, up),
        Command::Up | Command::Enable | Command::Once | Command::NoRestart | Command::NoRestartDisable => {
            service.note(command).unwrap_or_default()
        }
        Command::Upgrade => Vec::new(),
    }
}

/// One signal, by a command. STOP and CONT show in the record.
fn signal_one(service: &mut Service, up: Up, signal: Signal) -> Vec<Action> {
    let mut actions = vec![Action::Kill(up.pid, signal)];
    let mut up = Up {
        asked_to_end: up.asked_to_end || ENDING.contains(&signal),
        signals_sent: up.signals_sent | signal.bit(),
        ..up
    };
    if [Signal::STOP, Signal::CONT].contains(&signal) {
        up.paused = signal == Signal::STOP;
        actions.push(Action::Publish(&[]));
    }
    service.phase = Phase::Up(up);
    actions
}

fn bring_down(service: &mut Service, up: Up, now: Now, settings: &Settings) -> Vec<Action> {
    service.want(false);
    let kill_at = settings.timeout_kill.map(|timeout| now.monotonic + timeout);
    service.phase = Phase::Up(Up { asked_to_end: true, paused: false, kill_at, ..up });
    vec![Action::Kill(up.pid, settings.down_signal), Action::Kill(up.pid, Signal::CONT), Action::Publish(&[])]
}

fn leave(service: &mut Service, up: Up) -> Vec<Action> {
    service.leaving = Leaving::WhenDown;
    // A logger is about to be ended by the end of its input; another service lives as long as it likes.
    if !service.is_logger {
        return Vec::new();
    }
    service.phase = Phase::Up(Up { asked_to_end: true, paused: false, ..up });
    // Stopped, it would never read so far; and who stopped it need not have been us.
    let told = up.paused.then_some(Action::Publish(&[]));
    [Action::Kill(up.pid, Signal::CONT)].into_iter().chain(told).collect()
}

fn be_ready(service: &mut Service, up: Up, now: Now) -> Vec<Action> {
    service.ready_since = now.wall;
    service.phase = Phase::Up(Up { ready: true, check: Check::None, ..up });
    vec![Action::StopListening, Action::Publish(&[Notice::Ready])]
}

fn be_late(service: &mut Service, mut up: Up, now: Now, settings: &Settings) -> Vec<Action> {
    let mut actions = Vec::new();
    if up.kill_at.is_some_and(|at| at <= now.monotonic) {
        up.kill_at = None;
        service.killed_late = true;
        actions.push(Action::Report(Overdue::Run));
        actions.extend(clearing::kill_with_run(up.kill_mode, settings.kill_group, up.pid));
    }
    match &mut up.check {
        Check::Waiting { at, interval } if *at <= now.monotonic => {
            let (started_at, interval) = (now.monotonic, *interval);
            up.check = Check::Running { pid: None, started_at, interval, killed: false };
            actions.push(Action::SpawnCheck);
        }
        Check::Running { pid: Some(pid), started_at, interval, killed: killed @ false }
            if *started_at + *interval <= now.monotonic =>
        {
            *killed = true;
            actions.push(Action::KillGroup(*pid, Signal::KILL));
        }
        Check::None | Check::Waiting { .. } | Check::Running { .. } => {}
    }
    service.phase = Phase::Up(up);
    actions
}

fn check_spawned(service: &mut Service, up: Up, spawned: Option<Pid>) -> Vec<Action> {
    let Check::Running { started_at, interval, killed, .. } = up.check else { return Vec::new() };
    let check = match spawned {
        Some(pid) => Check::Running { pid: Some(pid), started_at, interval, killed },
        None => Check::Waiting { at: started_at + interval, interval },
    };
    service.phase = Phase::Up(Up { check, ..up });
    Vec::new()
}

fn after_check(service: &mut Service, up: Up, dead: Pid, exit: Exit, now: Now) -> Vec<Action> {
    match up.check {
        Check::Running { pid: Some(pid), .. } if pid == dead && exit.is_success() => {
            be_ready(service, up, now)
        }
        Check::Running { pid: Some(pid), started_at, interval, .. } if pid == dead => {
            let check = Check::Waiting { at: started_at + interval, interval };
            service.phase = Phase::Up(Up { check, ..up });
            Vec::new()
        }
        Check::None | Check::Waiting { .. } | Check::Running { .. } => Vec::new(),
    }
}

fn die(service: &mut Service, up: Up, exit: Exit, now: Now, settings: &Settings) -> Vec<Action> {
    let asked = up.was_asked_for(exit);
    let crashed = !asked && !exit.is_success();
    let start_at = service.next_start(up.started_at, now, settings);
    if crashed {
        service.count_crash(now, settings);
    }
    let ends_everything = match settings.essential {
        Some(Essential::OnFailure) => crashed,
        Some(Essential::Always) => !asked,
        None => false,
    };
    if ends_everything {
        service.leaving = Leaving::Essential;
    }
    service.since = now.wall;
    service.last_exit = exit;
    let lived = whole_milliseconds(now.monotonic.saturating_sub(up.started_at));
    service.life = Life { lived: Some(lived), asked, crash: None, finish: None, session: Some(up.pid) };
    let death = Death { exit, group: Some(up.pid) };
    let script = if crashed { Script::Crash } else { Script::Finish };
    let ending = Ending { death, script, pid: None, kill_at: None, told: false, start_at };
    let next = match up.kill_mode {
        KillMode::Process => {
            service.phase = Phase::Ending(ending);
            vec![Action::SpawnScript(script, death)]
        }
        KillMode::Group | KillMode::Tree | KillMode::Cgroup => {
            clearing::begin(service, up, ending, now, settings)
        }
    };
    [Action::StopListening]
        .into_iter()
        .chain(end_check(up))
        .chain([Action::Remember(now.wall, exit)])
        .chain(next)
        .collect()
}

/// A check does not outlive what it checks.
fn end_check(up: Up) -> Option<Action> {
    match up.check {
        Check::Running { pid: Some(pid), .. } => Some(Action::KillGroup(pid, Signal::KILL)),
        Check::None | Check::Waiting { .. } | Check::Running { pid: None, .. } => None,
    }
}

fn whole_milliseconds(time: Duration) -> Duration {
    Duration::from_millis(time.as_millis() as u64)
}
