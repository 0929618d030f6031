//! A limit on the processes of one tree, by a cgroup of its own, where that can be had.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// The controller of version 1; under version 2 the tree of groups is not ours to change.
const CONTROLLER: &str = "/sys/fs/cgroup/pids";

/// The group of a tree. Dropped, it goes.
#[derive(Debug)]
pub struct Processes(Option<PathBuf>);

impl Processes {
    /// Makes it, if that is possible.
    pub fn new() -> Processes {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("storm-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = PathBuf::from(CONTROLLER).join(name);
        let is_made = std::fs::create_dir(&dir).is_ok() && dir.join("pids.max").exists();
        Processes(is_made.then_some(dir))
    }

    /// What a shell does to become one of it.
    pub fn enter(&self) -> String {
        self.0.as_ref().map_or(String::new(), |dir| format!("echo 0 >'{}/cgroup.procs'", dir.display()))
    }

    /// No more than there are now.
    pub fn limit(&self) -> bool {
        let now = self.0.as_ref().and_then(|dir| std::fs::read_to_string(dir.join("pids.current")).ok());
        now.is_some_and(|now| self.set(now.trim()))
    }

    pub fn free(&self) -> bool {
        self.set("max")
    }

    fn set(&self, limit: &str) -> bool {
        self.0.as_ref().is_some_and(|dir| std::fs::write(dir.join("pids.max"), limit).is_ok())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        if let Some(dir) = &self.0 {
            // The last of its processes may still be going.
            for _ in 0..500 {
                if std::fs::remove_dir(dir).is_ok() {
                    return;
                }
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
    }
}
