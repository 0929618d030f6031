//! Orders against directories in which the test is the supervisor or the scanner.

use super::*;
use std::path::PathBuf;
use std::time::Duration;
use sys::fifo::{self, Fifo};

struct Fakes(PathBuf);

impl Fakes {
    fn new(name: &str) -> Fakes {
        let root = std::env::temp_dir().join(format!("svctl-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir(&root).unwrap();
        Fakes(root)
    }

    /// A directory with this control FIFO; it lives as long as what is returned.
    fn control(&self, path: &str) -> Fifo {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        fifo::open(&path).unwrap()
    }

    fn order(&self, letters: &[u8], goal: Option<Goal>, names: &[&str]) -> Order {
        Order {
            letters: letters.to_vec(),
            goal,
            timeout: Some(Duration::from_millis(10)),
            dirs: names.iter().map(|name| self.0.join(name).into_os_string()).collect(),
        }
    }
}

impl Drop for Fakes {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn code(order: &Order) -> u8 {
    run(order).map_or_else(|failure| failure.code(), |()| 0)
}

fn received(fifo: &Fifo) -> Vec<u8> {
    let mut bytes = [0; 64];
    let count = fifo.read(&mut bytes).unwrap();
    bytes[..count].to_vec()
}

#[test]
fn every_directory_gets_its_letters_and_the_first_failure_gives_the_code() {
    let fakes = Fakes::new("every");
    let (web, db) = (fakes.control("web/supervise/control"), fakes.control("db/supervise/control"));
    drop(fakes.control("gone/supervise/control"));
    assert_eq!(
        code(&fakes.order(b"du", None, &["web", "gone", "missing", "db"])),
        111,
        "missing is seen first"
    );
    assert_eq!(code(&fakes.order(b"x", None, &["gone", "web"])), 102);
    assert_eq!((received(&web), received(&db)), (b"dux".to_vec(), b"du".to_vec()));
}

#[test]
fn scan_directory_is_known_by_what_it_holds() {
    for directory in [".svscan", ".s6-svscan"] {
        let fakes = Fakes::new("scan");
        let scanner = fakes.control(&format!("tree/{directory}/control"));
        assert_eq!(code(&fakes.order(b"an", None, &["tree"])), 0);
        assert_eq!(received(&scanner), b"an");
        drop(scanner);
        assert_eq!(code(&fakes.order(b"t", None, &["tree"])), 102);
    }
}

#[test]
fn letter_without_a_meaning_is_refused_before_anything_is_sent() {
    let fakes = Fakes::new("meaning");
    let (web, tree) = (fakes.control("web/supervise/control"), fakes.control("tree/.svscan/control"));
    assert_eq!(code(&fakes.order(b"u", None, &["web", "tree"])), 100);
    assert_eq!(code(&fakes.order(b"n", None, &["tree", "web"])), 100);
    assert_eq!(code(&fakes.order(b"t", Some(Goal::Down), &["web", "tree"])), 100);
    assert_eq!((received(&web), received(&tree)), (b"".to_vec(), b"".to_vec()));
}

#[test]
fn wait_without_an_answer_is_timed_out_and_the_command_was_sent() {
    let fakes = Fakes::new("wait");
    let web = fakes.control("web/supervise/control");
    assert_eq!(code(&fakes.order(b"u", Some(Goal::Up), &["web"])), 99);
    assert_eq!(received(&web), b"u");
    assert_eq!(code(&fakes.order(b"d", Some(Goal::Startable), &["web"])), 0, "it is down");
}

#[test]
fn readiness_is_waited_for_only_where_it_can_be_told() {
    let fakes = Fakes::new("ready");
    let dir = fakes.0.join("web");
    std::fs::create_dir(&dir).unwrap();
    assert_eq!(attainable(&dir, Goal::RestartedReady), Goal::Restarted);
    assert_eq!(attainable(&dir, Goal::Startable), Goal::Startable);
    std::fs::write(dir.join(names::CHECK), "").unwrap();
    assert_eq!(attainable(&dir, Goal::Ready), Goal::Ready);
}
