//! What the tests of the machine share: times, pids, one state of each kind, one event of each kind.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::Duration;

use control::Command;
use lifecycle::*;
use unix::{Exit, Now, Pid, Signal, Stamp};

pub(crate) const SETTINGS: Settings = Settings {
    down_signal: Signal::TERM,
    reload_signal: Signal::HUP,
    timeout_kill: Some(Duration::from_secs(3)),
    kill_group: false,
    timeout_crash: Some(Duration::from_secs(5)),
    timeout_finish: Some(Duration::from_secs(5)),
    restart_delay: RestartDelay { min: Duration::from_secs(1), max: Duration::from_secs(1) },
    restart_limit: None,
    essential: None,
};

pub(crate) const SEGV: Exit = Exit::Killed { signal: Signal::SEGV, core: false };

/// The moment so many seconds after the start of time.
pub(crate) fn at(seconds: u64) -> Now {
    at_ms(seconds * 1000)
}

/// The same in milliseconds.
pub(crate) fn at_ms(ms: u64) -> Now {
    let wall = Stamp::from_unix(1_700_000_000 + (ms / 1000) as i64, (ms % 1000) as u32 * 1_000_000);
    Now { wall, monotonic: Duration::from_millis(ms) }
}

pub(crate) fn pid(number: i64) -> Pid {
    Pid::new(number).expect("tests use small positive numbers")
}

pub(crate) fn started(number: i64) -> Event {
    started_in(KillMode::Process, number)
}

pub(crate) fn started_in(kill_mode: KillMode, number: i64) -> Event {
    Event::RunSpawned(Ok(Started { pid: pid(number), readiness: Readiness::Unknown, kill_mode }))
}

/// Runs events one after the other, all at `now`; gives the last actions.
pub(crate) fn run(service: Service, events: &[Event], now: Now) -> (Service, Vec<Action>) {
    run_with(service, events, now, &SETTINGS)
}

pub(crate) fn run_with(
    service: Service,
    events: &[Event],
    now: Now,
    settings: &Settings,
) -> (Service, Vec<Action>) {
    let mut last = (service, Vec::new());
    for &event in events {
        last = last.0.step(event, now, settings);
    }
    last
}

/// Its `run` is 7, and was started at 5.
pub(crate) fn up(wanted: bool, logger: bool) -> Service {
    run(Service::new(at(0), wanted, logger), &[Event::Command(Command::Up), started(7)], at(5)).0
}

/// The same with a `kill-mode`.
pub(crate) fn up_in(mode: KillMode) -> Service {
    run(Service::new(at(0), true, false), &[started_in(mode, 7)], at(5)).0
}

/// Its `run` has died at 9 and left something, which gets SIGKILL at 12.
pub(crate) fn clearing(mode: KillMode) -> Service {
    let events = [Event::Exited(pid(7), Exit::Code(0)), Event::Swept(Left::Something)];
    run(up_in(mode), &events, at(9)).0
}

/// One state of each kind, the way a service comes to it.
#[allow(non_snake_case)]
pub(crate) fn PHASES() -> Vec<(&'static str, Service)> {
    let new = |logger| Service::new(at(0), true, logger);
    let death = |service, exit| run(service, &[Event::Exited(pid(7), exit)], at(9)).0;
    let finishing = |service| {
        let events = [Event::Exited(pid(7), Exit::Code(0)), Event::ScriptSpawned(Some(pid(8)))];
        run(service, &events, at(9)).0
    };
    let checked = Started {
        pid: pid(7),
        readiness: Readiness::Check(Duration::from_secs(1)),
        kill_mode: KillMode::Process,
    };
    let check = |events: &[Event]| {
        let service = run(new(false), &[Event::RunSpawned(Ok(checked))], at(5)).0;
        run(service, events, at(5)).0
    };
    vec![
        ("new: down, wanted up, start is due", new(false)),
        ("down, not wanted", Service::new(at(0), false, false)),
        ("down, waits to start at 20", waiting(false)),
        ("down, waits to start at 20, a logger", waiting(true)),
        ("down, failed", {
            let events = [Event::ScriptSpawned(Some(pid(8))), Event::Exited(pid(8), Exit::Code(125))];
            run(death(up(true, false), Exit::Code(0)), &events, at(9)).0
        }),
        ("up", up(true, false)),
        ("up, ready", run(up(true, false), &[Event::Ready], at(6)).0),
        ("up, check lives", check(&[Event::CheckSpawned(Some(pid(9)))])),
        ("up, check is due", check(&[Event::CheckSpawned(None)])),
        (
            "up, going down, to be killed at 9",
            run(up(true, false), &[Event::Command(Command::Down)], at(6)).0,
        ),
        ("up, leaving", run(up(true, false), &[Event::Hangup], at(6)).0),
        ("dead of a signal, crash is being started", death(up(true, false), SEGV)),
        ("dead, finish is being started", death(up(true, false), Exit::Code(0))),
        ("dead, finish is tried again at 10", {
            run(death(up(true, false), Exit::Code(0)), &[Event::ScriptPostponed], at(9)).0
        }),
        ("up, kill-mode tree, to be killed at 9", {
            run(up_in(KillMode::Tree), &[Event::Command(Command::Down)], at(6)).0
        }),
        ("dead, its group is looked for", {
            run(up_in(KillMode::Group), &[Event::Exited(pid(7), SEGV)], at(9)).0
        }),
        ("dead, its group lives", clearing(KillMode::Group)),
        ("dead, its tree lives", clearing(KillMode::Tree)),
        ("dead, its tree gets SIGKILL", run(clearing(KillMode::Tree), &[Event::Timeout], at(12)).0),
        ("finish lives", finishing(up(true, false))),
        ("finish lives, a logger", finishing(up(true, true))),
        ("finish lives, leaving", finishing(run(up(true, false), &[Event::Hangup], at(6)).0)),
    ]
}

/// Tried in vain until the delay is long, so that it waits from 10 to 20.
fn waiting(logger: bool) -> Service {
    let delay = RestartDelay { min: Duration::from_secs(10), max: Duration::from_secs(10) };
    let settings = Settings { restart_delay: delay, ..SETTINGS };
    let events = [Event::RunSpawned(Err(NotStarted::NoResources))];
    run_with(Service::new(at(0), true, logger), &events, at(10), &settings).0
}

/// One event of each kind; the pids are those of the states above.
#[allow(non_snake_case)]
pub(crate) fn EVENTS() -> Vec<(String, Event)> {
    let mut events = vec![
        ("timeout".into(), Event::Timeout),
        ("run spawned".into(), started(11)),
        ("run has no resources".into(), Event::RunSpawned(Err(NotStarted::NoResources))),
        (
            "run cannot be executed".into(),
            Event::RunSpawned(Err(NotStarted::CannotExecute(Exit::NOT_EXECUTABLE))),
        ),
        ("script spawned".into(), Event::ScriptSpawned(Some(pid(12)))),
        ("no script".into(), Event::ScriptSpawned(None)),
        ("script has no resources".into(), Event::ScriptPostponed),
        ("check spawned".into(), Event::CheckSpawned(Some(pid(13)))),
        ("nothing is left".into(), Event::Swept(Left::Nothing)),
        ("something is left".into(), Event::Swept(Left::Something)),
        ("ready".into(), Event::Ready),
        ("run exits 0".into(), Event::Exited(pid(7), Exit::Code(0))),
        ("run exits 1".into(), Event::Exited(pid(7), Exit::Code(1))),
        (
            "run dies of TERM".into(),
            Event::Exited(pid(7), Exit::Killed { signal: Signal::TERM, core: false }),
        ),
        ("script exits 0".into(), Event::Exited(pid(8), Exit::Code(0))),
        ("script exits 125".into(), Event::Exited(pid(8), Exit::Code(125))),
        ("check exits 0".into(), Event::Exited(pid(9), Exit::Code(0))),
        ("check exits 1".into(), Event::Exited(pid(9), Exit::Code(1))),
        ("a stranger dies".into(), Event::Exited(pid(99), Exit::Code(0))),
        ("run changed".into(), Event::RunChanged),
        ("SIGTERM".into(), Event::Terminate),
        ("SIGHUP".into(), Event::Hangup),
        ("SIGQUIT".into(), Event::Quit),
        ("SIGINT".into(), Event::Interrupt),
    ];
    for (byte, command) in control::supervisor::TABLE {
        let first_signal_stands_for_all = matches!(command, Command::Signal(s) if ![Signal::HUP, Signal::TERM, Signal::STOP, Signal::CONT].contains(&s));
        if !first_signal_stands_for_all {
            events.push((format!("command {}", byte as char), Event::Command(command)));
        }
    }
    events
}

/// An action in few words: the moment of a death is that of the step.
pub(crate) fn describe_action(action: &Action) -> String {
    match action {
        Action::Remember(_, exit) => format!("Remember({exit})"),
        other => format!("{other:?}"),
    }
}

/// A state in few words.
pub(crate) fn describe(service: &Service) -> String {
    let record = service.record();
    let seconds = |time: Duration| time.as_secs_f32();
    let mut words = match service.phase() {
        Phase::Down { start_at: Some(at) } => format!("down until {}", seconds(at)),
        Phase::Down { start_at: None } => "down".into(),
        Phase::Up(up) => {
            let mut words = format!("up {}", up.pid);
            for (word, is) in [("ready", up.ready), ("paused", up.paused), ("asked", up.asked_to_end)] {
                if is {
                    words += &format!(" {word}");
                }
            }
            if let Some(at) = up.kill_at {
                words += &format!(" kill-at {}", seconds(at));
            }
            match up.check {
                Check::None => {}
                Check::Waiting { at, .. } => words += &format!(" check-at {}", seconds(at)),
                Check::Running { pid, killed, .. } => {
                    words += &format!(" check {pid:?}{}", if killed { " killed" } else { "" });
                }
            }
            words
        }
        Phase::Clearing(clearing) => {
            let kill = clearing.kill_at.map_or("now".into(), |at| seconds(at).to_string());
            let look = seconds(clearing.look_at);
            format!("clearing kill-at {kill} look-at {look} told:{}", clearing.ending.told)
        }
        Phase::Ending(ending) => {
            let mut words = format!("{:?}", ending.script).to_lowercase();
            if let Some(pid) = ending.pid {
                words += &format!(" {pid}");
            }
            if let Some(at) = ending.kill_at {
                words += &format!(" kill-at {}", seconds(at));
            }
            words + &format!(" start-at {}", seconds(ending.start_at))
        }
    };
    if !record.wanted_up {
        words += " unwanted";
    }
    if service.leaving() != Leaving::No {
        words += &format!(" leaving:{:?}", service.leaving());
    }
    if let Some(reason) = service.detail().failed {
        words += &format!(" failed:{reason:?}");
    }
    words
}
