//! A service directory: written by a test, and watched.

use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use status::{DEATH_SIZE, Death, Record};
use unix::Pid;

use super::{Listener, text, wait_for, wait_until};

/// A service directory.
#[derive(Clone, Debug)]
pub struct Service {
    dir: PathBuf,
}

impl Service {
    /// The service directory of this path, made if it is missing.
    pub fn at(dir: impl Into<PathBuf>) -> Service {
        let dir = dir.into();
        std::fs::create_dir_all(&dir).expect("a service directory can be made");
        Service { dir }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a file of it is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Its `run`, a shell script without its first line.
    pub fn run(&self, script: &str) -> &Service {
        self.script("run", script)
    }

    /// Its `finish`, a shell script without its first line.
    pub fn finish(&self, script: &str) -> &Service {
        self.script("finish", script)
    }

    /// A shell script without its first line; there at once and whole.
    pub fn script(&self, name: &str, script: &str) -> &Service {
        self.executable(name, format!("#!/bin/sh\n{script}\n"))
    }

    /// An executable file; there at once and whole.
    pub fn executable(&self, name: &str, content: impl AsRef<[u8]>) -> &Service {
        let temporary = self.path(&format!(".{name}.new"));
        std::fs::write(&temporary, content).expect("a service directory can be written to");
        std::fs::set_permissions(&temporary, std::fs::Permissions::from_mode(0o755)).expect("chmod");
        std::fs::rename(&temporary, self.path(name)).expect("rename");
        self
    }

    /// Any file.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Service {
        std::fs::write(self.path(name), content).expect("a service directory can be written to");
        self
    }

    /// A `run` that lives until a signal kills it.
    pub fn sleeps(&self) -> &Service {
        self.run("exec sleep 100000")
    }

    /// A `run` that writes the name of every signal that it gets to `signals`, a line each, and lives on. It
    /// writes `started` (a line with its pid each time) when it is ready to.
    pub fn logs_signals(&self) -> &Service {
        self.executable(
            "run",
            "#!/usr/bin/perl\n\
             open my $log, '>>', 'signals' or die;\n\
             for my $name (qw(ALRM ABRT QUIT HUP TERM INT USR1 USR2 CONT WINCH)) {\n\
             \t$SIG{$name} = sub { syswrite $log, \"$name\\n\" };\n\
             }\n\
             open my $started, '>>', 'started' or die;\n\
             syswrite $started, \"$$\\n\";\n\
             sleep 1000 while 1;\n",
        )
    }

    /// The logger of this service.
    pub fn log(&self) -> Service {
        Service::at(self.path("log"))
    }

    /// Begins to listen to its notices, also before it has a supervisor.
    pub fn listen(&self) -> Listener {
        let event = self.path("event");
        match std::fs::DirBuilder::new().mode(0o700).create(&event) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => panic!("event: {error}"),
            _ => Listener::new(&event),
        }
    }

    /// Waits until somebody listens to it that did not before: a tool that the test has just started.
    #[track_caller]
    pub fn wait_listeners(&self, count: usize) {
        wait_until(&format!("{count} listeners"), || {
            let entries = std::fs::read_dir(self.path("event")).into_iter().flatten().flatten();
            entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"ftrig1:")).count()
                >= count
        });
    }

    /// Sends command bytes to its supervisor, which must be there.
    #[track_caller]
    pub fn command(&self, bytes: &str) {
        self.try_command(bytes).unwrap_or_else(|error| panic!("{}: {error}", self.dir.display()));
    }

    /// Sends command bytes to its supervisor, if there is one.
    pub fn try_command(&self, bytes: &str) -> io::Result<()> {
        sys::fifo::send(&self.path("supervise/control"), bytes.as_bytes())
    }

    /// Whether somebody supervises it and takes commands.
    pub fn is_supervised(&self) -> bool {
        sys::fifo::open_to_write(&self.path("supervise/control")).is_ok()
    }

    /// Waits until somebody supervises it.
    #[track_caller]
    pub fn wait_supervised(&self) -> &Service {
        wait_until(&format!("a supervisor of {}", self.dir.display()), || {
            self.is_supervised() && self.try_record().is_some()
        });
        self
    }

    /// Its record; `None` if there is none.
    pub fn try_record(&self) -> Option<Record> {
        Record::decode(&std::fs::read(self.path("supervise/status")).ok()?)
    }

    /// Its record.
    #[track_caller]
    pub fn record(&self) -> Record {
        self.try_record().unwrap_or_else(|| panic!("no record in {}", self.dir.display()))
    }

    /// Waits for a record that is as it should be.
    #[track_caller]
    pub fn wait_record(&self, what: &str, mut is_so: impl FnMut(&Record) -> bool) -> Record {
        wait_for(what, || self.try_record().filter(|record| is_so(record)))
    }

    /// Waits until `run` lives, and gives its pid (in the tree's namespace).
    #[track_caller]
    pub fn wait_up(&self) -> Pid {
        self.wait_record(&format!("{} to be up", self.dir.display()), Record::is_up).pid.expect("it is up")
    }

    /// Waits until it is down, `finish` and all.
    #[track_caller]
    pub fn wait_down(&self) -> Record {
        // The record from before the first start is paused.
        self.wait_record(&format!("{} to be down", self.dir.display()), |record| {
            record.pid.is_none() && !record.finishing
        })
    }

    /// Waits until a file has as many lines, and gives them.
    #[track_caller]
    pub fn wait_lines(&self, name: &str, count: usize) -> Vec<String> {
        let path = self.path(name);
        wait_until(&format!("{count} lines in {}", path.display()), || {
            text(&path).matches('\n').count() >= count
        });
        self.lines(name)
    }

    /// The lines of a file; none if there is no file.
    pub fn lines(&self, name: &str) -> Vec<String> {
        text(self.path(name)).lines().map(str::to_owned).collect()
    }

    /// The deaths that are remembered.
    pub fn deaths(&self) -> Vec<Death> {
        let bytes = std::fs::read(self.path("supervise/death_tally")).unwrap_or_default();
        assert_eq!(bytes.len() % DEATH_SIZE, 0, "whole records only");
        bytes.as_chunks::<DEATH_SIZE>().0.iter().map(Death::decode).collect()
    }
}
