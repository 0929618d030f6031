//! Limits for all of a tree, by control groups: of version 2 where it has the controller, else of version 1.

use std::path::PathBuf;

/// A control group of one controller. Dropped, it is removed: the tree in it must have gone.
#[derive(Debug)]
pub struct Cgroup(PathBuf);

impl Cgroup {
    /// Makes one in which a tree may have so much: of `memory`, bytes; of `pids`, processes. `None`, and a word about it,
    /// where that cannot be done.
    pub fn new(controller: &str, most: u64) -> Option<Cgroup> {
        let name = format!("suite-{controller}-{}-{most}", std::process::id());
        let version_1 = match controller {
            "memory" => "memory.limit_in_bytes",
            _ => "pids.max",
        };
        let candidates = [
            (PathBuf::from("/sys/fs/cgroup"), format!("{controller}.max")),
            (PathBuf::from("/sys/fs/cgroup").join(controller), version_1.to_owned()),
        ];
        for (parent, file) in candidates {
            let dir = parent.join(&name);
            if std::fs::create_dir(&dir).is_err() {
                continue;
            }
            let cgroup = Cgroup(dir);
            if cgroup.0.join("cgroup.procs").exists()
                && std::fs::write(cgroup.0.join(file), most.to_string()).is_ok()
            {
                return Some(cgroup);
            }
        }
        println!("not tested: no {controller} controller that can be used");
        None
    }

    /// A file of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The shell command that puts what comes after it into this group.
    pub fn enter(&self) -> String {
        format!("echo $$ >'{}'", self.0.join("cgroup.procs").display())
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for _ in 0..1000 {
            match std::fs::remove_dir(&self.0) {
                Err(error) if error.raw_os_error() == Some(16) => {
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
                _ => return,
            }
        }
    }
}
