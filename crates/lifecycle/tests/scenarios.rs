//! Stories that a service lives through.

mod common;

use common::*;
use control::Command;
use lifecycle::*;
use status::{Notice, Reason};
use std::time::Duration;
use unix::{Exit, Signal};

fn crash_once(service: Service, run_pid: i64, started_at: u64, died_at: u64, settings: &Settings) -> Service {
    let service = run_with(service, &[started(run_pid)], at_ms(started_at), settings).0;
    let events = [Event::Exited(pid(run_pid), SEGV), Event::ScriptSpawned(None), Event::ScriptSpawned(None)];
    run_with(service, &events, at_ms(died_at), settings).0
}

#[test]
fn service_that_lived_longer_than_the_delay_starts_again_at_once() {
    let (service, actions) = run(up(true, false), &[Event::Exited(pid(7), Exit::Code(0))], at_ms(6_500));
    assert!(actions.contains(&Action::Remember(at_ms(6_500).wall, Exit::Code(0))));
    let (service, _) = run(service, &[Event::ScriptSpawned(None)], at_ms(6_500));
    assert_eq!(service.deadline(), Some(Duration::from_millis(6_500)));
    assert_eq!(service.detail().start_at, None);
}

#[test]
fn service_that_died_sooner_waits_for_what_is_left() {
    let (service, _) = run(
        up(true, false),
        &[Event::Exited(pid(7), Exit::Code(0)), Event::ScriptSpawned(None)],
        at_ms(5_300),
    );
    assert_eq!(service.deadline(), Some(Duration::from_secs(6)));
    assert_eq!(service.detail().start_at, Some(at(6).wall));
}

#[test]
fn delay_doubles_up_to_its_maximum_and_a_longer_life_resets_it() {
    let delay = RestartDelay { min: Duration::from_secs(1), max: Duration::from_secs(3) };
    let settings = Settings { restart_delay: delay, ..SETTINGS };
    let mut service = Service::new(at(0), true, false);
    for (start, wait) in [(0, 1), (10, 2), (20, 3), (30, 3)] {
        service = crash_once(service, 7, start * 1000, start * 1000, &settings);
        assert_eq!(service.deadline(), Some(Duration::from_secs(start + wait)), "start at {start}");
    }
    service = crash_once(service, 7, 40_000, 45_000, &settings);
    assert_eq!(service.deadline(), Some(Duration::from_secs(45)));
    service = crash_once(service, 7, 50_000, 50_000, &settings);
    assert_eq!(service.deadline(), Some(Duration::from_secs(51)));
}

#[test]
fn crash_runs_before_finish_and_both_are_told_how_it_died() {
    let death = Death { exit: SEGV, group: Some(pid(7)) };
    let (service, actions) = run(up(true, false), &[Event::Exited(pid(7), SEGV)], at(9));
    assert_eq!(actions.last(), Some(&Action::SpawnScript(Script::Crash, death)));
    let (service, actions) = run(service, &[Event::ScriptSpawned(Some(pid(8)))], at(9));
    assert_eq!(actions, [Action::Publish(&[Notice::Dead])]);
    let (service, actions) = run(service, &[Event::Exited(pid(8), Exit::Code(0))], at(9));
    assert_eq!(actions, [Action::SpawnScript(Script::Finish, death)]);
    let (service, actions) = run(service, &[Event::ScriptSpawned(Some(pid(9)))], at(9));
    assert_eq!(actions, [Action::Publish(&[])]);
    let (_, actions) = run(service, &[Event::Exited(pid(9), Exit::Code(0))], at(9));
    assert_eq!(actions, [Action::Publish(&[Notice::Down])]);
}

#[test]
fn death_that_a_command_asked_for_is_no_crash() {
    for command in [Command::Down, Command::Restart, Command::Signal(Signal::KILL)] {
        let (_, actions) =
            run(up(true, false), &[Event::Command(command), Event::Exited(pid(7), Exit::Code(3))], at(9));
        assert!(matches!(actions.last(), Some(Action::SpawnScript(Script::Finish, _))), "{command:?}");
    }
}

#[test]
fn supervisor_that_is_to_exit_excuses_the_death_of_a_logger_only() {
    for (logger, script) in [(true, Script::Finish), (false, Script::Crash)] {
        let events = [Event::Command(Command::Exit), Event::Exited(pid(7), Exit::Code(3))];
        let (_, actions) = run(up(true, logger), &events, at(9));
        assert!(matches!(actions.last(), Some(Action::SpawnScript(last, _)) if *last == script), "{logger}");
    }
}

#[test]
fn run_that_changes_while_crash_runs_is_tried_when_crash_has_ended() {
    let delay = RestartDelay { min: Duration::from_secs(60), max: Duration::from_secs(60) };
    let settings = Settings { restart_delay: delay, ..SETTINGS };
    let events = [
        Event::RunSpawned(Err(NotStarted::CannotExecute(Exit::NOT_EXECUTABLE))),
        Event::ScriptSpawned(Some(pid(8))),
        Event::RunChanged,
        Event::Exited(pid(8), Exit::Code(0)),
    ];
    let (service, _) = run_with(Service::new(at(0), true, false), &events, at(5), &settings);
    assert_eq!(service.deadline(), Some(Duration::from_secs(5)));
}

#[test]
fn signal_that_is_not_meant_to_end_a_service_excuses_only_the_death_of_just_that_signal() {
    let hup = Event::Command(Command::Signal(Signal::HUP));
    let killed = |signal| Event::Exited(pid(7), Exit::Killed { signal, core: false });
    let script = |exit| match run(up(true, false), &[hup, exit], at(9)).1.last() {
        Some(Action::SpawnScript(script, _)) => *script,
        other => panic!("{other:?}"),
    };
    assert_eq!(script(killed(Signal::HUP)), Script::Finish);
    assert_eq!(script(killed(Signal::SEGV)), Script::Crash);
    assert_eq!(script(Event::Exited(pid(7), Exit::Code(1))), Script::Crash);
}

#[test]
fn too_many_crashes_within_the_time_are_a_failure_until_somebody_says_up() {
    let limit = RestartLimit { count: 3, within: Duration::from_secs(10) };
    let settings = Settings { restart_limit: Some(limit), ..SETTINGS };
    let mut service = Service::new(at(0), true, false);
    for start in [0, 20, 25, 28] {
        assert!(service.wanted_up());
        service = crash_once(service, 7, start * 1000, start * 1000, &settings);
    }
    assert_eq!(service.detail().failed, Some(Reason::MaxRestarts));
    assert_eq!(service.deadline(), None);
    let (service, actions) = run_with(service, &[Event::Command(Command::Up)], at(29), &settings);
    assert_eq!(actions, [Action::SpawnRun]);
    assert_eq!(service.detail().failed, None);
}

#[test]
fn failure_is_told_before_down() {
    let events = [
        Event::Exited(pid(7), Exit::Code(0)),
        Event::ScriptSpawned(Some(pid(8))),
        Event::Exited(pid(8), Exit::Code(125)),
    ];
    let (service, actions) = run(up(true, false), &events, at(9));
    assert_eq!(actions, [Action::Publish(&[Notice::Failed, Notice::Down])]);
    assert_eq!((service.wanted_up(), service.deadline()), (false, None));
}

#[test]
fn down_command_sends_the_down_signal_then_cont_and_kills_after_the_time_out() {
    let (service, actions) = run(up(true, false), &[Event::Command(Command::Down)], at(6));
    assert_eq!(
        actions,
        [Action::Kill(pid(7), Signal::TERM), Action::Kill(pid(7), Signal::CONT), Action::Publish(&[])]
    );
    assert_eq!(service.deadline(), Some(Duration::from_secs(9)));
    let (service, actions) = run(service, &[Event::Timeout], at(9));
    assert_eq!(actions, [Action::Report(Overdue::Run), Action::Kill(pid(7), Signal::KILL)]);
    assert_eq!(service.deadline(), None);
    assert!(service.detail().killed_late);
}

#[test]
fn essential_service_that_crashes_ends_its_supervisor_after_the_scripts() {
    let settings = Settings { essential: Some(Essential::OnFailure), ..SETTINGS };
    let events =
        [Event::Exited(pid(7), Exit::Code(3)), Event::ScriptSpawned(None), Event::ScriptSpawned(None)];
    let (service, actions) = run_with(up(true, false), &events, at(9), &settings);
    assert_eq!(actions.last(), Some(&Action::Exit(control::ESSENTIAL_ENDED)));
    assert_eq!(service.record().last_exit, Exit::Code(3));
    let events = [Event::Exited(pid(7), Exit::Code(0)), Event::ScriptSpawned(None)];
    let (_, actions) = run_with(up(true, false), &events, at(9), &settings);
    assert!(!actions.iter().any(|action| matches!(action, Action::Exit(_))));
    let always = Settings { essential: Some(Essential::Always), ..SETTINGS };
    let (_, actions) = run_with(up(true, false), &events, at(9), &always);
    assert_eq!(actions.last(), Some(&Action::Exit(control::ESSENTIAL_ENDED)));
}

#[test]
fn essential_service_that_is_told_to_go_down_ends_nothing() {
    let always = Settings { essential: Some(Essential::Always), ..SETTINGS };
    let events =
        [Event::Command(Command::Down), Event::Exited(pid(7), Exit::Code(0)), Event::ScriptSpawned(None)];
    let (_, actions) = run_with(up(true, false), &events, at(9), &always);
    assert_eq!(actions, [Action::Publish(&[Notice::Dead, Notice::Down])]);
}

#[test]
fn logger_that_waits_to_start_again_reads_its_pipe_to_the_end_before_it_leaves() {
    let service = crash_once(Service::new(at(0), true, true), 7, 0, 0, &SETTINGS);
    let (service, actions) = run(service, &[Event::Hangup], at_ms(100));
    assert_eq!(actions, [Action::SpawnRun]);
    let (service, _) = run(service, &[started(8)], at_ms(100));
    let (service, actions) = run(service, &[Event::Exited(pid(8), Exit::Code(0))], at_ms(200));
    assert!(matches!(actions.last(), Some(Action::SpawnScript(Script::Finish, _))));
    let (_, actions) = run(service, &[Event::ScriptSpawned(None)], at_ms(200));
    assert_eq!(actions.last(), Some(&Action::Exit(0)));
}

#[test]
fn check_is_run_until_it_exits_0_and_killed_when_it_takes_too_long() {
    let readiness = Readiness::Check(Duration::from_secs(2));
    let spawned = Event::RunSpawned(Ok(Started { pid: pid(7), readiness, kill_mode: KillMode::Process }));
    let (service, actions) = run(Service::new(at(0), true, false), &[spawned], at(5));
    assert_eq!(actions, [Action::Publish(&[Notice::Up]), Action::SpawnCheck]);
    let (service, _) = run(service, &[Event::CheckSpawned(Some(pid(8)))], at(5));
    assert_eq!(service.deadline(), Some(Duration::from_secs(7)));
    let (service, actions) = run(service, &[Event::Timeout], at(7));
    assert_eq!(actions, [Action::KillGroup(pid(8), Signal::KILL)]);
    assert_eq!(service.deadline(), None);
    let killed = Exit::Killed { signal: Signal::KILL, core: false };
    let (service, _) = run(service, &[Event::Exited(pid(8), killed)], at(7));
    let (service, actions) = run(service, &[Event::Timeout], at(7));
    assert_eq!(actions, [Action::SpawnCheck]);
    let (service, _) = run(service, &[Event::CheckSpawned(Some(pid(9)))], at(7));
    let (service, actions) = run(service, &[Event::Exited(pid(9), Exit::Code(0))], at(8));
    assert_eq!(actions, [Action::StopListening, Action::Publish(&[Notice::Ready])]);
    assert_eq!(service.deadline(), None);
}

#[test]
fn run_that_cannot_be_executed_is_a_crash_without_finish() {
    let failed = Event::RunSpawned(Err(NotStarted::CannotExecute(Exit::NOT_FOUND)));
    let (service, actions) = run(Service::new(at(0), true, false), &[failed], at(5));
    let death = Death { exit: Exit::NOT_FOUND, group: None };
    assert_eq!(actions, [Action::SpawnScript(Script::Crash, death)]);
    let (service, actions) = run(service, &[Event::ScriptSpawned(None)], at(5));
    assert_eq!(actions, [Action::Publish(&[])]);
    assert_eq!(service.deadline(), Some(Duration::from_secs(6)));
    let (_, actions) = run(service, &[Event::RunChanged], at(5));
    assert_eq!(actions, [Action::SpawnRun]);
}

#[test]
fn paused_logger_that_is_to_exit_goes_on_to_the_end_of_its_input() {
    for leave in [Event::Hangup, Event::Command(Command::Exit)] {
        let stop = Event::Command(Command::Signal(Signal::STOP));
        let (service, actions) = run(up(true, true), &[stop, leave], at(6));
        assert_eq!(actions, [Action::Kill(pid(7), Signal::CONT), Action::Publish(&[])]);
        assert!(!service.record().paused);
        // Another service lives as long as it likes, paused or not.
        let (service, actions) = run(up(true, false), &[stop, leave], at(6));
        assert_eq!(actions, []);
        assert!(service.record().paused);
    }
}

#[test]
fn logger_that_is_told_to_go_down_before_its_last_life_leaves_without_it() {
    let finishing = [Event::Exited(pid(7), Exit::Code(0)), Event::ScriptSpawned(Some(pid(8)))];
    let service = run(up(true, true), &finishing, at(9)).0;
    let (service, _) = run(service, &[Event::Hangup, Event::Exited(pid(8), Exit::Code(0))], at(9));
    assert_eq!(service.deadline(), Some(Duration::from_secs(9)));
    let (_, actions) = run(service, &[Event::Command(Command::Down)], at(9));
    assert_eq!(actions, [Action::Publish(&[]), Action::Exit(0)]);
}

#[test]
fn script_without_resources_is_tried_again_until_it_can_be_started() {
    let (service, actions) =
        run(up(true, false), &[Event::Exited(pid(7), Exit::Code(0)), Event::ScriptPostponed], at(9));
    assert_eq!(actions.last(), Some(&Action::Publish(&[Notice::Dead])));
    assert!(service.record().finishing && service.record().pid.is_none());
    let (service, actions) = run(service, &[Event::Timeout], at_ms(9_999));
    assert_eq!(actions, []);
    let (service, actions) = run(service, &[Event::Timeout], at(10));
    assert!(matches!(actions[..], [Action::SpawnScript(Script::Finish, _)]), "{actions:?}");
    let (service, actions) = run(service, &[Event::ScriptPostponed], at(10));
    assert_eq!(actions, [Action::Publish(&[])], "who listens knows that it is dead");
    assert_eq!(service.deadline(), Some(at(11).monotonic));
    let (service, _) = run(service, &[Event::Timeout, Event::ScriptSpawned(Some(pid(8)))], at(11));
    let (service, actions) = run(service, &[Event::Exited(pid(8), Exit::Code(0))], at(11));
    assert_eq!(actions.first(), Some(&Action::Publish(&[Notice::Down])));
    assert!(service.wanted_up());
}

#[test]
fn what_run_left_is_asked_then_killed_before_any_script_runs() {
    let death = Death { exit: SEGV, group: Some(pid(7)) };
    let sweep = |how| Action::Sweep(KillMode::Tree, pid(7), how);
    let (service, actions) = run(up_in(KillMode::Tree), &[Event::Exited(pid(7), SEGV)], at(9));
    assert_eq!(actions.last(), Some(&sweep(Sweep::Ask(Signal::TERM))));
    let (service, actions) = run(service, &[Event::Swept(Left::Something)], at(9));
    assert_eq!(actions, [Action::Publish(&[Notice::Dead])]);
    assert!(service.record().finishing && service.record().pid.is_none());
    // Looked for again and again, at longer and longer intervals, until the time is over.
    let (mut service, mut looks) = (service, 0);
    while let Some(due) = service.deadline().filter(|due| *due < Duration::from_secs(12)) {
        let (next, actions) = run(service, &[Event::Timeout], at_ms(due.as_millis() as u64));
        assert_eq!(actions, [sweep(Sweep::Look)]);
        (service, looks) = (run(next, &[Event::Swept(Left::Something)], at(9)).0, looks + 1);
    }
    assert!((10..40).contains(&looks), "{looks}");
    let (service, actions) = run(service, &[Event::Timeout], at(12));
    assert_eq!(actions, [Action::Report(Overdue::Rest), sweep(Sweep::Kill)]);
    let (service, actions) = run(service, &[Event::Swept(Left::Something), Event::Timeout], at(13));
    assert_eq!(actions, [sweep(Sweep::Kill)]);
    let (service, actions) = run(service, &[Event::Swept(Left::Nothing)], at(13));
    assert_eq!(actions, [Action::SpawnScript(Script::Crash, death)]);
    // That it has died was told before.
    let (_, actions) = run(service, &[Event::ScriptSpawned(None), Event::ScriptSpawned(None)], at(13));
    assert_eq!(actions, [Action::Publish(&[Notice::Down])]);
}

#[test]
fn run_that_left_nothing_is_followed_by_its_script_and_nobody_hears_of_the_look() {
    let (service, _) = run(up_in(KillMode::Group), &[Event::Exited(pid(7), Exit::Code(0))], at(9));
    let (_, actions) = run(service, &[Event::Swept(Left::Nothing)], at(9));
    let death = Death { exit: Exit::Code(0), group: Some(pid(7)) };
    assert_eq!(actions, [Action::SpawnScript(Script::Finish, death)]);
}

#[test]
fn orphan_that_dies_makes_a_tree_look_for_the_rest_at_once() {
    let orphan = Event::Exited(pid(99), Exit::Code(0));
    let (_, actions) = run(clearing(KillMode::Tree), &[orphan], at(10));
    assert_eq!(actions, [Action::Sweep(KillMode::Tree, pid(7), Sweep::Look)]);
    assert_eq!(run(clearing(KillMode::Group), &[orphan], at(10)).1, []);
}

#[test]
fn time_to_end_counts_from_the_command_also_for_what_run_left() {
    let down = run(up_in(KillMode::Tree), &[Event::Command(Command::Down)], at(6)).0;
    let events = [Event::Exited(pid(7), Exit::Code(0)), Event::Swept(Left::Something), Event::Timeout];
    let (_, actions) = run(down, &events, at(9));
    assert_eq!(actions, [Action::Report(Overdue::Rest), Action::Sweep(KillMode::Tree, pid(7), Sweep::Kill)]);
}

#[test]
fn what_is_left_has_five_seconds_where_no_timeout_is_set() {
    let settings = Settings { timeout_kill: None, ..SETTINGS };
    let events = [Event::Exited(pid(7), Exit::Code(0)), Event::Swept(Left::Something)];
    let (service, _) = run_with(up_in(KillMode::Cgroup), &events, at(9), &settings);
    assert!(run_with(service.clone(), &[Event::Timeout], at_ms(13_999), &settings).1.len() == 1);
    assert!(
        run_with(service, &[Event::Timeout], at(14), &settings).1.contains(&Action::Report(Overdue::Rest))
    );
}

#[test]
fn late_run_is_killed_with_everything_and_its_rest_is_not_asked_again() {
    let down = run(up_in(KillMode::Tree), &[Event::Command(Command::Down)], at(6)).0;
    let (service, actions) = run(down, &[Event::Timeout], at(9));
    let sweep = Action::Sweep(KillMode::Tree, pid(7), Sweep::Kill);
    assert_eq!(actions, [Action::Report(Overdue::Run), sweep, Action::Kill(pid(7), Signal::KILL)]);
    let killed = Event::Exited(pid(7), Exit::Killed { signal: Signal::KILL, core: false });
    let (_, actions) = run(service, &[Event::Swept(Left::Something), killed], at(9));
    assert_eq!(actions.last(), Some(&sweep));
}

#[test]
fn command_that_kills_hastens_the_end_of_what_run_left() {
    let kill = Event::Command(Command::Signal(Signal::KILL));
    let (_, actions) = run(clearing(KillMode::Group), &[kill], at(9));
    assert_eq!(actions, [Action::Sweep(KillMode::Group, pid(7), Sweep::Kill)]);
}

#[test]
fn service_that_is_told_to_come_up_while_its_rest_is_ended_waits_for_that() {
    let service = run(clearing(KillMode::Tree), &[Event::Command(Command::Down)], at(9)).0;
    let (service, actions) = run(service, &[Event::Command(Command::Up)], at(9));
    assert_eq!(actions, [Action::Publish(&[])]);
    let events = [Event::Swept(Left::Nothing), Event::ScriptSpawned(None), Event::Timeout];
    assert_eq!(run(service, &events, at(10)).1, [Action::SpawnRun]);
}
