//! The shell against directories in which the test is the supervisor.

use super::*;
use servicedir::names;
use status::Record;
use std::path::PathBuf;
use sys::fifo::{self, Fifo};
use unix::{Exit, Pid, Stamp};

const SECOND: Option<Duration> = Some(Duration::from_secs(1));

struct Fake {
    dir: PathBuf,
    control: Option<Fifo>,
}

impl Fake {
    fn new(name: &str) -> Fake {
        let dir = std::env::temp_dir().join(format!("svwait-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(dir.join(names::SUPERVISE)).unwrap();
        let control = Some(fifo::open(&dir.join(names::CONTROL)).unwrap());
        let fake = Fake { dir, control };
        fake.record(None);
        fake
    }

    fn record(&self, pid: Option<Pid>) {
        let stamp = Stamp::from_unix(0, 0);
        let record = Record {
            since: stamp,
            ready_since: stamp,
            pid,
            last_exit: Exit::Code(0),
            paused: false,
            finishing: false,
            wanted_up: true,
            ready: false,
        };
        std::fs::write(self.dir.join(names::STATUS), record.encode()).unwrap();
    }

    fn publish(&self, letters: &[u8]) {
        fifodir::publish(&self.dir.join(names::EVENT), letters).unwrap();
    }

    fn listen(&self, goal: Goal) -> Wait {
        let mut wait = Wait::new();
        wait.add(&self.dir, goal).unwrap();
        wait
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn code(result: Result<(), Failure>) -> u8 {
    result.map_or_else(|failure| failure.code(), |()| 0)
}

#[test]
fn notice_that_comes_between_subscription_and_wait_is_heard() {
    let fake = Fake::new("between");
    let wait = fake.listen(Goal::Ready);
    fake.publish(b"u");
    fake.publish(b"U");
    assert_eq!(code(wait.finish(Quantity::All, SECOND)), 0);
    assert_eq!(std::fs::read_dir(fake.dir.join(names::EVENT)).unwrap().count(), 0, "it leaves nothing");
}

#[test]
fn state_that_is_over_before_it_is_read_counts() {
    let fake = Fake::new("over");
    fake.record(Pid::new(7));
    for goal in [Goal::Down, Goal::Startable] {
        let wait = fake.listen(goal);
        fake.publish(b"dD");
        fake.publish(b"u");
        assert_eq!(code(wait.finish(Quantity::All, SECOND)), 0, "{goal:?}");
    }
}

#[test]
fn missing_fifodir_is_made_for_the_effective_group() {
    use std::os::unix::fs::PermissionsExt;
    let fake = Fake::new("made");
    let _wait = fake.listen(Goal::Up);
    let mode = std::fs::metadata(fake.dir.join(names::EVENT)).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, fifodir::MODE);
}

#[test]
fn time_runs_out_when_nothing_is_heard() {
    let fake = Fake::new("time");
    let wait = fake.listen(Goal::Up);
    assert_eq!(code(wait.finish(Quantity::All, Some(Duration::from_millis(10)))), 99);
}

#[test]
fn supervisor_that_dies_without_a_notice_ends_the_wait() {
    let mut fake = Fake::new("killed");
    let wait = fake.listen(Goal::Up);
    fake.control = None;
    assert_eq!(code(wait.finish(Quantity::All, SECOND)), 102);
}

#[test]
fn failures_are_counted_and_old_ones_only_if_asked() {
    let (first, second) = (Fake::new("first"), Fake::new("second"));
    std::fs::write(first.dir.join(names::DETAIL), "failed finish\n").unwrap();
    let mut wait = first.listen(Goal::Up);
    wait.add(&second.dir, Goal::Up).unwrap();
    second.publish(b"OD");
    wait.count_old_failures();
    assert_eq!(code(wait.finish(Quantity::All, SECOND)), 2);

    let wait = first.listen(Goal::Up);
    first.publish(b"u");
    assert_eq!(code(wait.finish(Quantity::All, SECOND)), 0);
}

#[test]
fn record_of_a_new_supervisor_is_read() {
    let fake = Fake::new("new");
    let wait = fake.listen(Goal::Up);
    fake.record(Pid::new(7));
    fake.publish(b"s");
    assert_eq!(code(wait.finish(Quantity::All, SECOND)), 0);
}

#[test]
fn unsupervised_directory_is_down_at_once_and_a_missing_one_is_an_error() {
    let mut fake = Fake::new("nobody");
    fake.control = None;
    assert_eq!(code(fake.listen(Goal::Startable).finish(Quantity::All, SECOND)), 0);
    assert_eq!(code(fake.listen(Goal::Up).finish(Quantity::All, SECOND)), 102);
    assert_eq!(Wait::new().add(&fake.dir.join("missing"), Goal::Down).unwrap_err().code(), 111);
}
