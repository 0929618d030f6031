//! Scenarios of the machine.

use super::*;
use crate::Failing;

const SCRIPT: i32 = 10;
const SCANNER: i32 = 20;
const COMMAND: i32 = 30;

fn pid(number: i32) -> Pid {
    Pid::new(number.into()).unwrap()
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn everything() -> Plan {
    Plan { logs: false, has_hook: true, has_command: true }
}

/// Plays events, a millisecond apart, and gives the actions of the last one.
fn play(container: &mut Container, events: &[Event]) -> Vec<Action> {
    let mut actions = Vec::new();
    for (i, &event) in events.iter().enumerate() {
        actions = container.step(event, ms(i as u64));
    }
    actions
}

/// A container that serves, with its command and its services.
fn serving(settings: Settings) -> Container {
    let mut container = Container::new(everything(), settings);
    let events = [
        Event::Begun,
        Event::Started(Ok(pid(SCRIPT))),
        Event::Exited(pid(SCRIPT), Exit::Code(0)),
        Event::Fixed(0),
        Event::Started(Ok(pid(SCRIPT))),
        Event::Exited(pid(SCRIPT), Exit::Code(0)),
        Event::Nothing,
        Event::Started(Ok(pid(SCANNER))),
        Event::Ready(true),
        Event::Started(Ok(pid(COMMAND))),
    ];
    assert_eq!(play(&mut container, &events[..1]), [Action::Run(Script::Hook)]);
    assert_eq!(container.step(events[1], ms(1)), []);
    assert_eq!(container.step(events[2], ms(2)), [Action::FixAttributes]);
    assert_eq!(container.step(events[3], ms(3)), [Action::Run(Script::Init(0))]);
    assert_eq!(container.step(events[4], ms(4)), []);
    assert_eq!(container.step(events[5], ms(5)), [Action::Run(Script::Init(1))]);
    assert_eq!(container.step(events[6], ms(6)), [Action::Scan]);
    assert_eq!(container.step(events[7], ms(7)), [Action::AwaitServices]);
    assert_eq!(container.step(events[8], ms(8)), [Action::Command]);
    assert_eq!(container.step(events[9], ms(9)), []);
    assert_eq!(container.deadline(), None);
    container
}

fn kill(number: i32, signal: Signal) -> Action {
    Action::Kill(pid(number), signal)
}

#[test]
fn command_that_ends_takes_everything_along_with_its_code() {
    let mut container = serving(Settings::default());
    let ended = container.step(Event::Exited(pid(COMMAND), Exit::Code(7)), ms(100));
    assert_eq!(ended, [kill(SCANNER, Signal::TERM)]);
    let finish = container.step(Event::Exited(pid(SCANNER), Exit::Code(0)), ms(101));
    assert_eq!(finish, [Action::Run(Script::Finish(0))]);
    container.step(Event::Started(Ok(pid(SCRIPT))), ms(102));
    let next = container.step(Event::Exited(pid(SCRIPT), Exit::Code(3)), ms(103));
    assert_eq!(next, [Action::Run(Script::Finish(1))]);
    let strays = container.step(Event::Nothing, ms(103));
    assert_eq!(strays.last(), Some(&Action::LookAround));
    let codes = Codes { command: Some(7), ..Codes::default() };
    assert_eq!(container.step(Event::Nobody, ms(103)), [Action::Leave(codes)]);
}

#[test]
fn term_reaches_the_command_first_and_its_code_is_kept() {
    let mut container = serving(Settings::default());
    let told = container.step(Event::Signal(Signal::TERM), ms(100));
    assert_eq!(told, [kill(COMMAND, Signal::TERM), kill(COMMAND, Signal::CONT)]);
    assert_eq!(container.step(Event::Signal(Signal::TERM), ms(101)), [], "a second one starts nothing again");
    let services = container.step(Event::Exited(pid(COMMAND), Exit::Code(5)), ms(102));
    assert_eq!(services, [kill(SCANNER, Signal::TERM)]);
    assert_eq!(container.codes.decide(None), 5);
}

#[test]
fn command_that_does_not_end_is_left_to_the_killing_of_strays() {
    let mut container = serving(Settings::default());
    container.step(Event::Signal(Signal::TERM), ms(100));
    assert_eq!(container.deadline(), Some(ms(3100)));
    assert_eq!(container.step(Event::Timeout, ms(3100)), [kill(SCANNER, Signal::TERM)]);
    container.step(Event::Exited(pid(SCANNER), Exit::Code(0)), ms(3200));
    container.step(Event::Started(Err(127)), ms(3200));
    container.step(Event::Nothing, ms(3200));
    let killed = container.step(Event::Timeout, ms(6200));
    assert_eq!(killed, [Action::KillAll(Signal::KILL, None), Action::LookAround]);
    let end = container
        .step(Event::Exited(pid(COMMAND), Exit::Killed { signal: Signal::KILL, core: false }), ms(6201));
    assert_eq!(end, [Action::LookAround]);
    let codes = Codes { told: Some(137), ..Codes::default() };
    assert_eq!(container.step(Event::Nobody, ms(6201)), [Action::Leave(codes)]);
}

#[test]
fn tree_that_ends_by_itself_ends_the_command() {
    let mut container = serving(Settings::default());
    let ended = container.step(Event::Exited(pid(SCANNER), Exit::Code(9)), ms(100));
    assert_eq!(ended[0], kill(COMMAND, Signal::TERM));
    assert_eq!(
        container.step(Event::Exited(pid(COMMAND), Exit::Code(0)), ms(101)),
        [Action::Run(Script::Finish(0))]
    );
    assert_eq!(container.codes.decide(None), 9);
}

#[test]
fn failed_script_counts_as_the_settings_say() {
    for (failing, expected) in [
        (Failing::GoesOn, vec![Action::Run(Script::Init(1))]),
        (
            Failing::Warns,
            vec![Action::Warn(Waited::Script(Script::Init(0)), 4), Action::Run(Script::Init(1))],
        ),
        (
            Failing::Stops,
            vec![Action::Warn(Waited::Script(Script::Init(0)), 4), Action::Run(Script::Finish(0))],
        ),
    ] {
        let plan = Plan { has_hook: false, ..everything() };
        let mut container = Container::new(plan, Settings { failing, ..Settings::default() });
        play(&mut container, &[Event::Begun, Event::Fixed(0), Event::Started(Ok(pid(SCRIPT)))]);
        let actions = container.step(Event::Exited(pid(SCRIPT), Exit::Code(4)), ms(5));
        assert_eq!(actions, expected, "{failing:?}");
        let code = if failing == Failing::Stops { 4 } else { 0 };
        assert_eq!(container.codes.decide(None), code);
    }
}

#[test]
fn signals_are_the_commands_if_the_settings_say_so() {
    let mut container = serving(Settings { command_gets_signals: true, ..Settings::default() });
    for signal in [Signal::TERM, Signal::WINCH, Signal::USR1] {
        assert_eq!(container.step(Event::Signal(signal), ms(9)), [kill(COMMAND, signal)]);
    }
    assert_eq!(container.step(Event::Stop, ms(10))[0], kill(COMMAND, Signal::TERM));
    assert_eq!(container.step(Event::Stop, ms(11)), []);
}

#[test]
fn command_finds_its_services_supervised_or_starts_without_them() {
    let plan = Plan { has_command: true, ..Plan::default() };
    let settings = Settings { failing: Failing::Stops, ..Settings::default() };
    let mut container = Container::new(plan, settings);
    let up = [Event::Begun, Event::Fixed(0), Event::Nothing, Event::Started(Ok(pid(SCANNER)))];
    assert_eq!(play(&mut container, &up), [Action::AwaitServices]);
    let (mut supervised, mut failed) = (container.clone(), container.clone());
    assert_eq!(supervised.step(Event::Ready(true), ms(10)), [Action::Command]);
    assert_eq!(failed.step(Event::Ready(false), ms(10)), [Action::Command]);
    assert_eq!(container.step(Event::Timeout, ms(1003)), [Action::Command]);
}

#[test]
fn command_waits_for_services_no_longer_than_it_may() {
    let wait_most = Some(ms(5000));
    let settings = Settings { waits_for_services: true, wait_most, ..Settings::default() };
    let plan = Plan { has_command: true, ..Plan::default() };
    let mut container = Container::new(plan, settings);
    let up = [Event::Begun, Event::Fixed(0), Event::Nothing, Event::Started(Ok(pid(SCANNER)))];
    let await_them = play(&mut container, &up);
    assert_eq!(await_them, [Action::AwaitServices]);
    let mut ready = container.clone();
    assert_eq!(ready.step(Event::Ready(true), ms(10)), [Action::Command]);
    assert_eq!(container.step(Event::Timeout, ms(5003)), [Action::Tell(Waited::Services), Action::Command]);
}

#[test]
fn stop_in_an_init_script_ends_it_and_runs_the_finish_scripts() {
    let plan = Plan { has_hook: false, ..everything() };
    let mut container = Container::new(plan, Settings::default());
    play(&mut container, &[Event::Begun, Event::Fixed(0), Event::Started(Ok(pid(SCRIPT)))]);
    let told = container.step(Event::Signal(Signal::TERM), ms(10));
    assert_eq!(told[0], kill(SCRIPT, Signal::TERM));
    assert_eq!(container.step(Event::Timeout, ms(3010)), [kill(SCRIPT, Signal::KILL)]);
    let killed = Exit::Killed { signal: Signal::KILL, core: false };
    assert_eq!(
        container.step(Event::Exited(pid(SCRIPT), killed), ms(3011)),
        [Action::Run(Script::Finish(0))]
    );
    assert_eq!(container.codes.decide(None), 0);
}

#[test]
fn finish_script_is_killed_when_its_time_is_up() {
    let plan = Plan { has_command: true, ..Plan::default() };
    let mut container = Container::new(plan, Settings::default());
    let events = [
        Event::Begun,
        Event::Fixed(0),
        Event::Nothing,
        Event::Nothing,
        Event::Started(Ok(pid(COMMAND))),
        Event::Exited(pid(COMMAND), Exit::Code(0)),
    ];
    assert_eq!(play(&mut container, &events), [Action::Run(Script::Finish(0))]);
    container.step(Event::Started(Ok(pid(SCRIPT))), ms(6));
    let late = container.step(Event::Timeout, ms(5005));
    assert_eq!(late, [Action::Tell(Waited::Script(Script::Finish(0))), kill(SCRIPT, Signal::KILL)]);
}

#[test]
fn nothing_to_do_is_done_at_once() {
    let mut container = Container::new(Plan::default(), Settings { syncs: true, ..Settings::default() });
    let nothing = [Event::Begun, Event::Fixed(0), Event::Nothing, Event::Nothing];
    assert_eq!(play(&mut container, &nothing), [Action::Run(Script::Finish(0))]);
    assert_eq!(container.step(Event::Nothing, ms(4)).last(), Some(&Action::LookAround));
    assert_eq!(container.step(Event::Nobody, ms(4)), [Action::Sync, Action::Leave(Codes::default())]);
}

#[test]
fn every_walk_ends_once_everything_has_ended() {
    let mut seed = 7_u64;
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for _ in 0..2000 {
        let plan = Plan { logs: random(2) == 0, has_hook: random(2) == 0, has_command: random(2) == 0 };
        let (scripts, has_services) = (random(3) as usize, random(2) == 0);
        let failing = [Failing::GoesOn, Failing::Warns, Failing::Stops][random(3) as usize];
        let waits_for_services = random(2) == 0;
        let mut container =
            Container::new(plan, Settings { failing, waits_for_services, ..Settings::default() });
        let (mut now, mut next, mut alive, mut left) = (Duration::ZERO, 100, Vec::new(), false);
        let mut pending = vec![Event::Begun];
        for _ in 0..400 {
            let event = pending.pop().unwrap_or_else(|| match random(4) {
                0 if !alive.is_empty() => {
                    let dead: Pid = alive.swap_remove(random(alive.len() as u64) as usize);
                    Event::Exited(dead, Exit::Code(random(3) as u8))
                }
                1 => Event::Signal([Signal::TERM, Signal::HUP, Signal::WINCH][random(3) as usize]),
                2 => Event::Ready(random(2) == 0),
                _ => Event::Timeout,
            });
            now += ms(500);
            for action in container.step(event, now) {
                assert!(!left, "{action:?} after it has left");
                match action {
                    Action::FixAttributes => pending.push(Event::Fixed(random(2) as usize)),
                    Action::Run(Script::Init(at) | Script::Finish(at)) if at >= scripts => {
                        pending.push(Event::Nothing);
                    }
                    Action::Scan if !has_services => pending.push(Event::Nothing),
                    Action::Log if random(5) == 0 => pending.push(Event::Logs(None)),
                    Action::Log => {
                        next += 1;
                        alive.push(pid(next));
                        pending.push(Event::Logs(Some(pid(next))));
                    }
                    Action::Run(_) | Action::Scan | Action::Command => {
                        next += 1;
                        let started = if random(5) == 0 { Err(126) } else { Ok(pid(next)) };
                        alive.extend(started);
                        pending.push(Event::Started(started));
                    }
                    Action::KillAll(Signal::KILL, spare) => {
                        let (spared, dead): (Vec<_>, Vec<_>) =
                            alive.drain(..).partition(|pid| Some(*pid) == spare);
                        alive = spared;
                        pending.extend(dead.into_iter().map(|pid| Event::Exited(pid, Exit::Code(1))));
                    }
                    Action::LookAround if alive.is_empty() => pending.push(Event::Nobody),
                    Action::Kill(pid, _) => assert!(alive.contains(&pid), "{pid} is dead and was signalled"),
                    Action::Leave(_) => left = true,
                    _ => {}
                }
            }
            if left {
                break;
            }
        }
        assert!(left, "{plan:?}: {container:?}");
    }
}

#[test]
fn logger_is_started_first_and_again_and_ends_last() {
    const LOGGER: i32 = 40;
    let plan = Plan { logs: true, ..everything() };
    let mut container = Container::new(plan, Settings::default());
    assert_eq!(container.step(Event::Begun, ms(0)), [Action::Log]);
    assert_eq!(container.step(Event::Logs(Some(pid(LOGGER))), ms(1)), [Action::Run(Script::Hook)]);
    container.step(Event::Started(Ok(pid(SCRIPT))), ms(2));
    assert_eq!(container.step(Event::Exited(pid(LOGGER), Exit::Code(1)), ms(300)), []);
    assert_eq!(container.deadline(), Some(ms(1001)));
    assert_eq!(container.step(Event::Timeout, ms(1001)), [Action::Log]);
    assert_eq!(container.step(Event::Logs(Some(pid(LOGGER))), ms(1001)), []);

    container.step(Event::Stop, ms(2000));
    container.step(Event::Exited(pid(SCRIPT), Exit::Code(0)), ms(2001));
    let spare = Some(pid(LOGGER));
    let end = [
        Action::EndLog,
        Action::KillAll(Signal::TERM, spare),
        Action::KillAll(Signal::CONT, spare),
        Action::LookAround,
    ];
    assert_eq!(container.step(Event::Nothing, ms(2002)), end);
    let first = container.step(Event::Timeout, ms(5002));
    assert_eq!(first, [Action::KillAll(Signal::KILL, spare), Action::LookAround]);
    let second = container.step(Event::Timeout, ms(6002));
    assert_eq!(second, [Action::KillAll(Signal::KILL, None), Action::LookAround]);
    assert_eq!(container.step(Event::Exited(pid(LOGGER), Exit::Code(0)), ms(6003)), [Action::LookAround]);
}

#[test]
fn container_without_a_logger_goes_on() {
    let mut container = Container::new(Plan { logs: true, ..everything() }, Settings::default());
    container.step(Event::Begun, ms(0));
    assert_eq!(container.step(Event::Logs(None), ms(1)), [Action::Run(Script::Hook)]);
    assert_eq!(container.deadline(), Some(ms(5001)), "the logger is not tried again");
}

#[test]
fn what_is_left_is_left_alone_if_the_settings_say_so() {
    let mut container = serving(Settings { leaves_strays: true, ..Settings::default() });
    container.step(Event::Exited(pid(COMMAND), Exit::Code(7)), ms(100));
    container.step(Event::Exited(pid(SCANNER), Exit::Code(0)), ms(101));
    let codes = Codes { command: Some(7), ..Codes::default() };
    assert_eq!(container.step(Event::Nothing, ms(102)), [Action::Leave(codes)]);
}

#[test]
fn what_cannot_be_killed_is_left_behind_in_the_end() {
    let mut container = serving(Settings::default());
    container.step(Event::Exited(pid(COMMAND), Exit::Code(7)), ms(100));
    container.step(Event::Exited(pid(SCANNER), Exit::Code(0)), ms(101));
    container.step(Event::Nothing, ms(102));
    assert_eq!(container.step(Event::Timeout, ms(3102)).last(), Some(&Action::LookAround));
    assert_eq!(container.step(Event::Timeout, ms(8101)).last(), Some(&Action::LookAround));
    let codes = Codes { command: Some(7), ..Codes::default() };
    assert_eq!(container.step(Event::Timeout, ms(8102)), [Action::Leave(codes)]);
}
