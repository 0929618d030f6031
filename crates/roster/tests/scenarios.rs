//! What must be true, as stories.

mod world;

use std::time::Duration;

use control::ScanCommand;
use roster::{Arrival, Event, Settings};
use unix::Exit;
use world::{World, settings};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_is_there_at_the_start_is_started_complete_or_not() {
    let mut world = World::new(settings());
    world.make("web", true, true);
    world.make("half", false, false);
    world.event(Event::Watching(true));
    world.wait(Duration::ZERO);
    assert_eq!(world.running(), "half web web/log");
    assert_eq!(world.roster.deadline(), None);
}

#[test]
fn directory_made_in_place_starts_once_it_is_complete_and_quiet() {
    let mut world = World::with(&[]);
    world.make("web", false, false);
    world.appear("web", Arrival::Made);
    world.wait(3 * SECOND);
    world.directories.get_mut("web").unwrap().complete = true;
    world.event(Event::Altered(b"web"));
    world.wait(49 * MS);
    assert_eq!(world.running(), "");
    world.wait(MS);
    assert_eq!(world.running(), "web");
    assert_eq!(world.take_told(), "start web");
    world.wait(60 * SECOND);
    assert_eq!(world.roster.deadline(), None);
}

#[test]
fn directory_renamed_into_place_starts_at_once() {
    let mut world = World::with(&[]);
    world.make("web", true, true);
    world.appear("web", Arrival::Whole);
    assert_eq!(world.running(), "web web/log");
    assert_eq!(world.roster.deadline(), None);
}

#[test]
fn incomplete_directory_is_spoken_of_once_after_ten_seconds() {
    let mut world = World::with(&[]);
    world.make("web", false, false);
    world.appear("web", Arrival::Made);
    world.wait(9 * SECOND);
    assert_eq!(world.take_told(), "");
    world.wait(300 * SECOND);
    assert_eq!(world.take_told(), "say: web not started");
    assert_eq!(world.roster.deadline(), None);
}

#[test]
fn command_starts_what_the_watch_would_wait_for() {
    let mut world = World::with(&[]);
    world.make("web", false, false);
    world.appear("web", Arrival::Made);
    world.event(Event::Command(ScanCommand::Scan));
    assert_eq!(world.running(), "web");
    world.wait(60 * SECOND);
    assert_eq!(world.take_told(), "start web");
}

#[test]
fn log_that_follows_its_service_soon_is_started_with_a_word() {
    let mut world = World::with(&[]);
    world.make("web", false, true);
    world.appear("web", Arrival::Made);
    world.wait(SECOND);
    assert_eq!(world.take_told(), "start web");
    let log = Some(world.identity());
    world.directories.get_mut("web").unwrap().log = log;
    world.event(Event::Altered(b"web"));
    world.wait(SECOND);
    assert_eq!(world.take_told(), "say: web/log is late, start web/log");
}

#[test]
fn supervisor_that_dies_is_started_again_at_most_once_a_second() {
    let mut world = World::with(&["web"]);
    world.exit(world.pid_of("web").unwrap(), Exit::Code(111));
    world.wait(999 * MS);
    assert_eq!(world.running(), "");
    world.wait(MS);
    assert_eq!(world.running(), "web");
    world.wait(5 * SECOND);
    world.exit(world.pid_of("web").unwrap(), Exit::Code(111));
    world.wait(Duration::ZERO);
    assert_eq!(world.running(), "web");
}

#[test]
fn start_that_fails_is_tried_again_and_holds_up_nobody() {
    let mut world = World::with(&["web"]);
    world.starved = true;
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    world.wait(10 * SECOND);
    assert_eq!(world.running(), "");
    world.starved = false;
    world.wait(SECOND);
    assert_eq!(world.running(), "web");
}

#[test]
fn service_that_has_gone_is_stopped_before_its_logger() {
    let mut world = World::with(&["web+log"]);
    world.take_told();
    world.directories.clear();
    world.event(Event::Vanished(b"web"));
    world.wait(99 * MS);
    assert_eq!(world.take_told(), "");
    world.wait(MS);
    assert_eq!(world.take_told(), "SIGTERM to web");
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    assert_eq!(world.take_told(), "close pipe, SIGHUP to web/log");
    world.obey();
    world.wait(5 * SECOND);
    assert_eq!(world.running(), "");
    assert_eq!(world.roster.deadline(), None);
}

#[test]
fn service_that_is_back_within_the_time_for_replacement_is_not_touched() {
    let mut world = World::with(&["web"]);
    world.take_told();
    world.event(Event::Vanished(b"web"));
    world.wait(50 * MS);
    world.appear("web", Arrival::Whole);
    world.wait(10 * SECOND);
    assert_eq!(world.take_told(), "");
}

#[test]
fn another_directory_under_the_name_waits_for_the_old_supervisor() {
    let mut world = World::with(&["web"]);
    world.take_told();
    world.make("web", false, true);
    world.appear("web", Arrival::Whole);
    world.wait(SECOND);
    assert_eq!(world.take_told(), "SIGTERM to web");
    world.wait(60 * SECOND);
    assert_eq!((world.take_told().as_str(), world.roster.deadline()), ("", None));
    world.obey();
    world.wait(SECOND);
    assert_eq!(world.take_told(), "start web");
}

#[test]
fn service_that_was_renamed_keeps_running_and_starts_under_its_new_name() {
    let mut world = World::with(&["web+log"]);
    world.take_told();
    let directory = world.directories.remove("web").unwrap();
    world.directories.insert("site".into(), directory);
    world.event(Event::Vanished(b"web"));
    world.appear("site", Arrival::Whole);
    world.wait(5 * SECOND);
    assert_eq!(world.take_told(), "");
    world.exit(world.pid_of("web").unwrap(), Exit::Code(111));
    world.wait(SECOND);
    assert_eq!(world.running(), "site web/log");
}

#[test]
fn without_a_watch_only_prune_stops_what_has_gone() {
    let mut world = World::new(settings());
    world.make("web", false, true);
    world.make("db", false, true);
    world.wait(Duration::ZERO);
    world.take_told();
    world.directories.remove("web");
    world.event(Event::Command(ScanCommand::Prune));
    assert_eq!(world.take_told(), "");
    world.event(Event::Command(ScanCommand::Scan));
    assert_eq!(world.take_told(), "");
    world.event(Event::Command(ScanCommand::Prune));
    assert_eq!(world.take_told(), "SIGTERM to web");
    world.obey();
    world.wait(5 * SECOND);
    assert_eq!(world.running(), "db");
}

#[test]
fn loggers_are_told_after_their_producers() {
    let mut world = World::with(&["db", "web+log"]);
    world.take_told();
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    assert_eq!(world.take_told(), "SIGTERM to db, SIGTERM to web");
    world.event(Event::Command(ScanCommand::Terminate));
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    assert_eq!(world.take_told(), "close pipe, SIGHUP to web/log");
    world.wait(5 * SECOND);
    assert_eq!(world.take_told(), "say: waiting for db web/log");
    world.wait(60 * SECOND);
    assert_eq!(world.take_told(), "say: waiting for db web/log");
    world.obey();
    assert_eq!(world.take_told(), "leave 0");
}

#[test]
fn quit_tells_loggers_too_also_after_terminate() {
    let mut world = World::with(&["web+log"]);
    world.take_told();
    world.stop_is_ordered(true);
    world.event(Event::Command(ScanCommand::Terminate));
    world.event(Event::Command(ScanCommand::Quit));
    assert_eq!(world.take_told(), "SIGTERM to web, SIGTERM to web/log");
    world.obey();
    assert_eq!(world.left, Some(0));
}

#[test]
fn logger_of_everything_is_the_last() {
    let mut world = World::with(&["db", "svscan-log", "web+log"]);
    world.take_told();
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    assert_eq!(world.take_told(), "SIGTERM to db, SIGTERM to web");
    world.exit(world.pid_of("db").unwrap(), Exit::Code(0));
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    world.take_told();
    world.exit(world.pid_of("web/log").unwrap(), Exit::Code(0));
    assert_eq!(world.take_told(), "SIGHUP to svscan-log, leave output");
    world.obey();
    assert_eq!(world.take_told(), "leave 0");
}

#[test]
fn what_is_left_is_killed_loggers_two_seconds_later() {
    let mut world = World::new(Settings { stop_timeout: Some(3 * SECOND), ..settings() });
    world.make("web", true, true);
    world.wait(Duration::ZERO);
    world.take_told();
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    world.wait(3 * SECOND);
    assert_eq!(world.take_told(), "SIGTERM to web, kill all but loggers");
    world.event(Event::Exited(unix::Pid::new(4000).unwrap(), Exit::Code(0)));
    world.wait(Duration::ZERO);
    assert_eq!(world.take_told(), "kill all but loggers");
    world.wait(2 * SECOND);
    assert_eq!(world.take_told(), "kill all, say: waiting for web web/log");
}

#[test]
fn essential_service_gives_the_exit_code() {
    let mut world = World::with(&["key", "web"]);
    world.take_told();
    world.essential_code = Some(3);
    world.exit(world.pid_of("key").unwrap(), Exit::Code(roster::ESSENTIAL_ENDED));
    assert_eq!(world.take_told(), "say: key was essential (3), SIGTERM to web");
    world.obey();
    assert_eq!(world.take_told(), "leave 3");
}

#[test]
fn scan_directory_that_cannot_be_read_stops_nothing() {
    let mut world = World::with(&["web"]);
    world.take_told();
    world.starved = true;
    world.event(Event::Overflow);
    world.wait(20 * SECOND);
    assert_eq!(world.take_told(), "");
    world.starved = false;
    world.directories.clear();
    world.wait(5 * SECOND + 100 * MS);
    assert_eq!(world.take_told(), "SIGTERM to web");
}

#[test]
fn full_roster_takes_the_next_one_when_another_is_forgotten() {
    let mut world = World::new(Settings { most: 2, ..settings() });
    for name in ["a", "b", "c"] {
        world.make(name, false, true);
    }
    world.event(Event::Watching(true));
    world.wait(Duration::ZERO);
    assert_eq!(world.take_told(), "say: too many, start a, start b");
    world.directories.remove("a");
    world.event(Event::Vanished(b"a"));
    world.wait(SECOND);
    world.obey();
    world.wait(SECOND);
    assert_eq!(world.running(), "b c");
}

#[test]
fn new_scan_directory_stops_nothing_until_it_is_asked_to() {
    let mut world = World::with(&["db", "web+log"]);
    world.take_told();
    world.directories.clear();
    world.event(Event::Moved);
    world.event(Event::Overflow);
    world.wait(60 * SECOND);
    assert_eq!(world.take_told(), "");
    world.make("db", false, true);
    world.appear("db", Arrival::Whole);
    world.wait(SECOND);
    assert_eq!(world.take_told(), "SIGTERM to db");
    world.obey();
    world.wait(SECOND);
    assert_eq!(world.take_told(), "start db");
    world.event(Event::Command(ScanCommand::Rescan));
    assert_eq!(world.take_told(), "SIGTERM to web");
    world.obey();
    world.wait(5 * SECOND);
    assert_eq!(world.running(), "db");
}

#[test]
fn logger_that_was_to_end_with_its_input_is_told_to_end_when_all_shall_quit() {
    let mut world = World::with(&["web+log"]);
    world.directories.clear();
    world.event(Event::Vanished(b"web"));
    world.wait(SECOND);
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    world.take_told();
    world.stop_is_ordered(true);
    world.event(Event::Command(ScanCommand::Quit));
    assert_eq!(world.take_told(), "SIGTERM to web/log");
    world.event(Event::Command(ScanCommand::Quit));
    assert_eq!(world.take_told(), "");

    let mut world = World::with(&["web+log"]);
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    world.take_told();
    world.stop_is_ordered(true);
    world.event(Event::Command(ScanCommand::Quit));
    assert_eq!(world.take_told(), "SIGTERM to web/log");
    world.obey();
    assert_eq!(world.left, Some(0));
}

#[test]
fn logger_of_everything_is_told_to_end_when_all_shall_quit() {
    let mut world = World::with(&["svscan-log", "web"]);
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    world.take_told();
    world.stop_is_ordered(true);
    world.event(Event::Command(ScanCommand::Quit));
    assert_eq!(world.take_told(), "SIGTERM to svscan-log");
    world.obey();
    assert_eq!(world.left, Some(0));
}

#[test]
fn pipe_that_has_lost_its_logger_is_closed_during_a_stop() {
    let mut world = World::with(&["web+log"]);
    world.stop_is_ordered(true);
    world.event(Event::Command(ScanCommand::Quit));
    world.take_told();
    world.exit(world.pid_of("web/log").unwrap(), Exit::Code(0));
    assert_eq!(world.take_told(), "close pipe");

    let mut world = World::with(&["web+log"]);
    world.exit(world.pid_of("web/log").unwrap(), Exit::Code(0));
    world.take_told();
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    assert_eq!(world.take_told(), "SIGTERM to web, close pipe");
}

#[test]
fn logger_that_is_down_is_not_waited_for_by_its_producer() {
    let mut world = World::with(&["web+log"]);
    world.take_told();
    world.stop_is_ordered(false);
    world.down = true;
    world.event(Event::Command(ScanCommand::Terminate));
    assert_eq!(world.take_told(), "SIGTERM to web, SIGHUP to web/log");
    world.exit(world.pid_of("web/log").unwrap(), Exit::Code(0));
    assert_eq!(world.take_told(), "close pipe");

    // Somebody may send it down while everything waits.
    let mut world = World::with(&["web+log"]);
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    world.take_told();
    world.down = true;
    world.wait(5 * SECOND);
    assert_eq!(world.take_told(), "say: waiting for web web/log, SIGHUP to web/log");
}

#[test]
fn service_that_is_back_waits_for_its_old_logger() {
    let mut world = World::with(&["web+log"]);
    let web = world.directories.remove("web").unwrap();
    world.event(Event::Vanished(b"web"));
    world.wait(SECOND);
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    world.take_told();
    world.wait(SECOND);
    world.directories.insert("web".into(), web);
    world.appear("web", Arrival::Whole);
    world.wait(SECOND);
    assert_eq!(world.running(), "web/log");
    world.obey();
    world.wait(SECOND);
    assert_eq!(world.running(), "web web/log");
    assert_eq!(world.take_told(), "start web/log, start web");
}

#[test]
fn service_and_its_logger_are_taken_together_or_not_at_all() {
    let mut world = World::new(Settings { most: 4, ..settings() });
    for (name, logged) in [("a", false), ("b", false), ("c", false), ("d", true)] {
        world.make(name, logged, true);
    }
    world.event(Event::Watching(true));
    world.wait(Duration::ZERO);
    assert_eq!(world.running(), "a b c");
    world.directories.remove("a");
    world.event(Event::Vanished(b"a"));
    world.wait(SECOND);
    world.obey();
    world.wait(SECOND);
    assert_eq!(world.running(), "b c d d/log");
}

#[test]
fn scan_by_time_leaves_what_is_half_written_to_the_watch() {
    let mut world = World::new(Settings { rescan: Some(20 * MS), ..settings() });
    world.event(Event::Watching(true));
    world.wait(SECOND);
    world.make("web", false, false);
    world.appear("web", Arrival::Made);
    world.wait(SECOND);
    assert_eq!(world.running(), "");
    world.directories.get_mut("web").unwrap().complete = true;
    world.event(Event::Altered(b"web"));
    world.wait(SECOND);
    assert_eq!(world.running(), "web");
}

#[test]
fn time_for_replacement_is_kept_whatever_else_scans() {
    type Disturb = fn(&mut World);
    let disturbances: [Disturb; 3] = [
        |_| (),
        |world| world.event(Event::Overflow),
        |world| world.event(Event::Command(ScanCommand::Scan)),
    ];
    for disturb in disturbances {
        let mut world = World::new(Settings { rescan: Some(20 * MS), ..settings() });
        world.make("web", false, true);
        world.event(Event::Watching(true));
        world.wait(SECOND);
        world.take_told();
        let web = world.directories.remove("web").unwrap();
        world.event(Event::Vanished(b"web"));
        world.wait(30 * MS);
        disturb(&mut world);
        world.wait(60 * MS);
        world.directories.insert("web".into(), web);
        world.appear("web", Arrival::Whole);
        world.wait(SECOND);
        assert_eq!(world.take_told(), "");
        world.directories.clear();
        world.event(Event::Vanished(b"web"));
        world.wait(SECOND);
        assert_eq!(world.take_told(), "SIGTERM to web");
    }
}

#[test]
fn service_that_writes_into_its_own_directory_is_not_watched_for_long() {
    let mut world = World::with(&[]);
    world.make("web", false, true);
    world.appear("web", Arrival::Made);
    world.wait(SECOND);
    assert_eq!(world.running(), "web");
    for _ in 0..1000 {
        world.wait(20 * MS);
        world.event(Event::Altered(b"web"));
    }
    assert_eq!(world.roster.deadline(), None);
}

#[test]
fn orphan_of_the_last_one_is_killed_before_the_end() {
    let mut world = World::new(Settings { stop_timeout: Some(3 * SECOND), ..settings() });
    world.make("web", false, true);
    world.wait(Duration::ZERO);
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    world.wait(3 * SECOND);
    world.take_told();
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    assert_eq!(world.take_told(), "kill all but loggers, leave 0");
}

#[test]
fn logger_of_everything_is_started_first() {
    let mut world = World::with(&["a", "svscan-log", "web+log"]);
    assert!(world.take_told().starts_with("start svscan-log, "));
}

#[test]
fn logger_of_everything_that_is_down_is_told_before_those_that_would_wait_for_it() {
    let mut world = World::with(&["svscan-log", "web"]);
    world.take_told();
    world.down = true;
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    let told = world.take_told();
    assert!(told.contains("SIGHUP to svscan-log, leave output"), "{told}");
}

#[test]
fn supervisors_that_ended_while_their_directories_changed_names_are_started_in_their_own() {
    let mut world = World::with(&["a", "b"]);
    let [a, b] = ["a", "b"].map(|name| world.directories.remove(name).unwrap());
    world.directories.insert("c".into(), a);
    world.directories.insert("a".into(), b);
    world.take_told();
    // Without a word of the names.
    for name in ["a", "b"] {
        let pid = world.pid_of(name).unwrap();
        world.exit(pid, Exit::Code(0));
    }
    world.wait(3 * SECOND);
    assert_eq!(world.take_told(), "start c, start a");
    let mut found: Vec<_> = world.processes.values().map(|p| (p.name.as_str(), p.identity)).collect();
    found.sort_unstable();
    assert_eq!(found, [("a", b.identity), ("c", a.identity)]);
    assert_eq!(world.roster.deadline(), None);
}

#[test]
fn supervisor_that_another_scanner_has_left_is_adopted_and_its_successor_starts_at_once() {
    let mut world = World::with_left(&["db", "web"], &["web"]);
    assert_eq!(world.take_told(), "start db, adopt web");
    world.exit(world.pid_of("web").unwrap(), Exit::Code(111));
    world.wait(Duration::ZERO);
    assert_eq!(world.take_told(), "start web");
    world.exit(world.pid_of("web").unwrap(), Exit::Code(111));
    world.wait(999 * MS);
    assert_eq!(world.take_told(), "");
    world.wait(MS);
    assert_eq!(world.take_told(), "start web");
}

#[test]
fn supervisor_that_somebody_else_starts_meanwhile_is_adopted_a_second_later() {
    let mut world = World::with(&["web"]);
    world.take_told();
    world.orphaned.insert(world.directories["web"].identity);
    world.exit(world.pid_of("web").unwrap(), Exit::Code(100));
    world.wait(SECOND);
    assert_eq!(world.take_told(), "adopt web");
    assert_eq!(world.roster.deadline(), None);
}

#[test]
fn adopted_supervisors_stop_in_their_order_and_are_waited_for() {
    let mut world = World::with_left(&["db", "svscan-log", "web+log"], &["svscan-log", "web", "web/log"]);
    assert_eq!(world.take_told(), "adopt svscan-log, start db, adopt web, adopt web/log");
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    assert_eq!(world.take_told(), "SIGTERM to db, SIGTERM to web");
    world.exit(world.pid_of("db").unwrap(), Exit::Code(0));
    world.wait(5 * SECOND);
    assert_eq!(world.take_told(), "say: waiting for svscan-log web web/log");
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    assert_eq!(world.take_told(), "close pipe, SIGHUP to web/log");
    world.exit(world.pid_of("web/log").unwrap(), Exit::Code(0));
    assert_eq!(world.take_told(), "SIGHUP to svscan-log, leave output");
    world.obey();
    assert_eq!(world.take_told(), "leave 0");
}

#[test]
fn adopted_supervisor_of_an_essential_service_ends_the_tree() {
    let mut world = World::with_left(&["key", "web"], &["key", "web"]);
    world.take_told();
    world.essential_code = Some(3);
    world.exit(world.pid_of("key").unwrap(), Exit::Code(roster::ESSENTIAL_ENDED));
    assert_eq!(world.take_told(), "say: key was essential (3), SIGTERM to web");
    world.obey();
    assert_eq!(world.take_told(), "leave 3");
}

#[test]
fn child_with_the_pid_that_an_adopted_one_had_is_not_taken_for_it() {
    let mut world = World::with_left(&["db", "web"], &["web"]);
    let (db, web) = (world.pid_of("db").unwrap(), world.pid_of("web").unwrap());
    // A child that the roster does not know dies under the number of the adopted one.
    world.event(Event::Exited(web, Exit::Code(0)));
    assert_eq!(world.running(), "db web");
    world.take_told();
    world.exit(db, Exit::Code(0));
    world.wait(SECOND);
    assert_eq!(world.take_told(), "start db");
}

#[test]
fn adopted_service_that_has_gone_is_stopped_and_forgotten() {
    let mut world = World::with_left(&["web+log"], &["web", "web/log"]);
    world.take_told();
    world.directories.clear();
    world.event(Event::Vanished(b"web"));
    world.wait(SECOND);
    assert_eq!(world.take_told(), "SIGTERM to web");
    world.exit(world.pid_of("web").unwrap(), Exit::Code(0));
    assert_eq!(world.take_told(), "close pipe, SIGHUP to web/log");
    world.obey();
    world.wait(5 * SECOND);
    assert_eq!((world.running().as_str(), world.roster.deadline()), ("", None));
}

#[test]
fn service_whose_supervisor_was_killed_just_before_a_stop_is_ended_by_the_next_one() {
    let mut world = World::with(&["web"]);
    let pid = world.pid_of("web").unwrap();
    world.exit(pid, Exit::Killed { signal: unix::Signal::KILL, core: false });
    world.take_told();
    world.event(Event::Command(ScanCommand::Terminate));
    assert_eq!(world.take_told(), "start web, SIGTERM to web");
    world.obey();
    assert_eq!(world.take_told(), "leave 0");
    // Its logger waits for it.
    let mut world = World::with(&["svscan-log", "web+log"]);
    let pid = world.pid_of("web").unwrap();
    world.exit(pid, Exit::Killed { signal: unix::Signal::KILL, core: false });
    world.take_told();
    world.event(Event::Command(ScanCommand::Terminate));
    assert_eq!(world.take_told(), "start web, SIGTERM to web");
    // One that has gone by itself has left nothing behind.
    let mut world = World::with(&["web"]);
    let pid = world.pid_of("web").unwrap();
    world.exit(pid, Exit::Code(0));
    world.take_told();
    world.event(Event::Command(ScanCommand::Terminate));
    assert_eq!(world.take_told(), "leave 0");
}

#[test]
fn logger_that_is_started_again_in_a_stop_meets_the_end_of_its_input() {
    let mut world = World::with(&["web+log"]);
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    let web = world.pid_of("web").unwrap();
    world.exit(web, Exit::Code(0));
    world.take_told();
    let log = world.pid_of("web/log").unwrap();
    world.exit(log, Exit::Killed { signal: unix::Signal::KILL, core: false });
    assert_eq!(world.take_told(), "start web/log, SIGHUP to web/log, close pipe");
    world.obey();
    assert_eq!(world.left, Some(0));
}

#[test]
fn logger_of_everything_that_is_started_again_in_a_stop_is_told_again() {
    let mut world = World::with(&["svscan-log"]);
    world.stop_is_ordered(false);
    world.event(Event::Command(ScanCommand::Terminate));
    let log = world.pid_of("svscan-log").unwrap();
    world.take_told();
    world.exit(log, Exit::Killed { signal: unix::Signal::KILL, core: false });
    assert_eq!(world.take_told(), "start svscan-log, SIGHUP to svscan-log, leave output");
    world.obey();
    assert_eq!(world.left, Some(0));
}
