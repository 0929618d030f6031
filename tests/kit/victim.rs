//! What another user plants, and root's things, which it must not lead to.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use sys::fifo;

use super::{Answer, our_name, our_program, run, text};

/// Why it is not played to s6.
pub const WHY: &str = "it is about what our programs open";

/// The user who plants.
pub const WEB: u32 = 3001;

/// The end of a test that only root can make.
macro_rules! root_only {
    () => {
        $crate::kit::ours_only!($crate::kit::victim::WHY);
        if !$crate::kit::is_root() {
            println!("skipped: only root can give files away");
            return;
        }
    };
}
pub(crate) use root_only;

/// What is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// A link to root's file.
    Link,
    /// A link to a place where root could make a file.
    Dangling,
    /// One more name of root's file.
    Name,
    Fifo,
    Socket,
    Directory,
    /// A character device that never ends, and takes everything: /dev/zero by another name.
    Device,
}

pub use Plant::{Dangling, Device, Directory, Fifo, Link, Name, Socket};

/// Every one.
pub const ALL: [Plant; 7] = [Link, Dangling, Name, Fifo, Socket, Directory, Device];

/// Root's things, which nobody may touch.
pub struct Victim {
    /// Where they are.
    pub dir: PathBuf,
    before: Vec<(PathBuf, u32, u32, u32, String)>,
}

/// What nobody may see.
pub const SECRET: &str = "root's secret\n";

impl Victim {
    /// Makes them in a directory of the test.
    pub fn new(scratch: &Path) -> Victim {
        let dir = scratch.join("victim");
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("file"), SECRET).unwrap();
        std::fs::set_permissions(dir.join("file"), PermissionsExt::from_mode(0o640)).unwrap();
        std::fs::create_dir(dir.join("web")).unwrap();
        for name in ["run", "notification-fd"] {
            std::fs::write(dir.join("web").join(name), "root's").unwrap();
        }
        fifo::make(&dir.join("fifo"), 0o600).unwrap();
        let mut victim = Victim { dir, before: Vec::new() };
        victim.before = victim.state();
        victim
    }

    /// The same, with what a test has added.
    pub fn again(mut self) -> Victim {
        self.before = self.state();
        self
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.dir.join("file")
    }

    fn state(&self) -> Vec<(PathBuf, u32, u32, u32, String)> {
        let mut all = vec![self.dir.clone()];
        let mut next = 0;
        while let Some(path) = all.get(next).cloned() {
            next += 1;
            if path.is_dir() {
                let mut entries: Vec<_> =
                    std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
                entries.sort();
                all.extend(entries);
            }
        }
        let look = |path: PathBuf| {
            let info = std::fs::symlink_metadata(&path).unwrap();
            let content = if info.is_file() { text(&path) } else { String::new() };
            (path, info.mode(), info.uid(), info.gid(), content)
        };
        all.into_iter().map(look).collect()
    }

    /// Nothing has been changed, made or removed.
    #[track_caller]
    pub fn is_untouched(&self, what: &str) {
        assert_eq!(self.state(), self.before, "{what}");
    }

    /// Puts it there, as the other user; what was there is gone.
    #[track_caller]
    pub fn plant(&self, plant: Plant, at: &Path) {
        let _ = std::fs::remove_file(at);
        let _ = std::fs::remove_dir_all(at);
        match plant {
            Link => symlink(self.file(), at).unwrap(),
            Dangling => symlink(self.dir.join("new"), at).unwrap(),
            Name => return std::fs::hard_link(self.file(), at).unwrap(),
            Fifo => fifo::make(at, 0o666).unwrap(),
            Socket => drop(UnixListener::bind(at).unwrap()),
            Directory => std::fs::create_dir(at).unwrap(),
            Device => {
                let answer = run(Command::new("mknod").args(["-m666", "--"]).arg(at).args(["c", "1", "5"]));
                assert_eq!(answer.code, 0, "{answer:?}");
            }
        }
        lchown(at, Some(WEB), Some(WEB)).unwrap();
    }

    /// A link to something else.
    pub fn plant_link(&self, to: &Path, at: &Path) {
        let _ = std::fs::remove_file(at);
        let _ = std::fs::remove_dir_all(at);
        symlink(to, at).unwrap();
        lchown(at, Some(WEB), Some(WEB)).unwrap();
    }
}

/// A directory of the other user's.
pub fn of_web(dir: &Path) -> &Path {
    std::fs::create_dir_all(dir).unwrap();
    chown(dir, Some(WEB), Some(WEB)).unwrap();
    dir
}

/// Runs a program by another suite's name.
pub fn ours(name: &str, dir: &Path, args: &[&str]) -> Answer {
    run(Command::new(our_name(name)).args(args).current_dir(dir))
}

/// Runs `svctl`.
pub fn svctl(dir: &Path, args: &[&str]) -> Answer {
    run(Command::new(our_program("svctl")).args(args).current_dir(dir).env_remove("SVDIR"))
}
