//! `s6-instance-maker`: writes the service directory of a service of instances.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cli::getopt::Grammar;
use cli::{Failure, Unable};
use sys::dir::{self, Links};
use sys::{file, process, tree};

const GRAMMAR: Grammar = Grammar {
    name: "s6-instance-maker",
    usage: "[ -c max ] [ -u user ] [ -l loguser ] [ -L logdir ] [ -t stamptype ] [ -n nfiles ] [ -s filesize ] \
            [ -S maxsize ] [ -P prefix ] [ -r service[/logger[/pipeline]] ] template dir",
    letters: "u:l:L:c:t:n:s:S:P:r:",
    long: &[],
};

/// What the options say.
struct Plan {
    user: String,
    log_user: Option<String>,
    log_dir: Option<String>,
    most: u32,
    stamps: u32,
    files: u32,
    size: u64,
    total: u64,
    prefix: Option<String>,
    /// Names for s6-rc: the service, its logger, the pipeline.
    source: Vec<String>,
}

pub(super) fn main(args: Vec<OsString>) -> ExitCode {
    cli::end(run(args))
}

fn run(args: Vec<OsString>) -> Result<(), Failure> {
    let line = GRAMMAR.parse(args)?;
    let mut plan = Plan::read(&line.options)?;
    let [template, dir, ..] = &line.operands[..] else { return Err(GRAMMAR.misuse()) };
    plan.check()?;
    let (template, dir) = (Path::new(template), PathBuf::from(dir));
    if plan.source.is_empty() {
        plan.write_service(&dir, template)?;
        return if plan.log_dir.is_some() { plan.write_logger(&dir.join("log")) } else { Ok(()) };
    }
    make(&dir, true)?;
    plan.write_service(&dir.join(&plan.source[0]), template)?;
    match plan.source.get(1) {
        Some(logger) => plan.write_logger(&dir.join(logger)),
        None => Ok(()),
    }
}

impl Plan {
    fn read(options: &[(char, OsString)]) -> Result<Plan, Failure> {
        let mut plan = Plan {
            user: String::new(),
            log_user: None,
            log_dir: None,
            most: 500,
            stamps: 1,
            files: 10,
            size: 1_000_000,
            total: 0,
            prefix: None,
            source: Vec::new(),
        };
        for (letter, value) in options {
            let text = || value.to_string_lossy().into_owned();
            match letter {
                'u' => plan.user = text(),
                'l' => plan.log_user = Some(text()),
                'L' => plan.log_dir = Some(text()),
                'c' => plan.most = GRAMMAR.number(value)?,
                't' => plan.stamps = GRAMMAR.number(value)?,
                'n' => plan.files = GRAMMAR.number(value)?,
                's' => plan.size = GRAMMAR.number(value)?,
                'S' => plan.total = GRAMMAR.number(value)?,
                'P' => plan.prefix = Some(text()),
                _ => plan.source = text().splitn(3, '/').map(str::to_owned).collect(),
            }
        }
        Ok(plan)
    }

    /// What makes no sense is refused; limits are kept.
    fn check(&mut self) -> Result<(), Failure> {
        let wrong = |text: &'static str| Err(Failure::Refused(text.into()));
        if self.log_dir.as_ref().is_some_and(|dir| !dir.starts_with('/')) {
            return wrong("the directory of the log is no absolute path");
        }
        if self.stamps > 3 {
            return wrong("stamptype is not 0, 1, 2 or 3");
        }
        if self.user.contains([' ', '\t', '\n']) {
            return wrong("not the name of a user");
        }
        if self.source.iter().any(|name| name.is_empty() || name.contains(['\n', '/'])) {
            return wrong("-r takes service, service/logger or service/logger/pipeline");
        }
        if !self.source.is_empty() && (self.source.len() > 1) != self.log_dir.is_some() {
            return wrong("a logger with -r and a directory with -L go together");
        }
        self.most = self.most.clamp(1, 90_000);
        if self.log_dir.is_some() && self.source.is_empty() {
            self.most *= 2;
        }
        Ok(())
    }

    fn write_service(&self, dir: &Path, template: &Path) -> Result<(), Failure> {
        make(dir, false)?;
        write(&dir.join("notification-fd"), "3\n")?;
        let user = setuidgid(Some(&self.user).filter(|user| !user.is_empty()));
        let script = format!("#!/bin/sh\nexec 2>&1\nexec {user}s6-svscan -d3 -C{} -- instance\n", self.most);
        create(&dir.join("run"), &script, self.run_mode())?;
        if self.source.is_empty() {
            make(&dir.join("instance"), false)?;
            make(&dir.join("instances"), false)?;
        } else {
            write(&dir.join("type"), "longrun\n")?;
            if let Some(logger) = self.source.get(1) {
                write(&dir.join("producer-for"), &format!("{logger}\n"))?;
            }
        }
        let to = dir.join("template");
        tree::copy(template, &to).unable(|| format!("copy {} to {}", template.display(), to.display()))
    }

    fn write_logger(&self, dir: &Path) -> Result<(), Failure> {
        make(dir, false)?;
        write(&dir.join("notification-fd"), "3\n")?;
        create(&dir.join("run"), &self.logger(), self.run_mode())?;
        let [service, _, pipeline @ ..] = &self.source[..] else { return Ok(()) };
        write(&dir.join("type"), "longrun\n")?;
        write(&dir.join("consumer-for"), &format!("{service}\n"))?;
        match pipeline {
            [name, ..] => write(&dir.join("pipeline-name"), &format!("{name}\n")),
            [] => Ok(()),
        }
    }

    /// The mode of `run`, less the umask: in a source for s6-rc it is not executed as it is.
    fn run_mode(&self) -> u32 {
        if self.source.is_empty() { 0o777 } else { 0o666 }
    }

    fn logger(&self) -> String {
        let mut script = format!("#!/bin/sh\nexec {}s6-log -bd3 -- ", setuidgid(self.log_user.as_ref()));
        for (bit, word) in [(1, "t "), (2, "T ")] {
            script.push_str(if self.stamps & bit != 0 { word } else { "" });
        }
        // Writing to a String cannot fail.
        let _ = write!(script, "n{} s{} ", self.files, self.size);
        if self.total > 0 {
            let _ = write!(script, "S{} ", self.total);
        }
        if let Some(prefix) = &self.prefix {
            let _ = write!(script, "{} ", quoted(&format!("p{prefix}")));
        }
        let _ = writeln!(script, "{}", quoted(self.log_dir.as_deref().unwrap_or_default()));
        script
    }
}

fn setuidgid(user: Option<&String>) -> String {
    user.map_or(String::new(), |user| format!("s6-setuidgid {} ", quoted(user)))
}

/// A word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn make(dir: &Path, may_exist: bool) -> Result<(), Failure> {
    let umask = process::set_umask(0);
    let made = dir::make(dir, 0o755, Links::Trusted);
    process::set_umask(umask);
    let made = made.and_then(|new| match new || may_exist {
        true => Ok(()),
        false => Err(std::io::ErrorKind::AlreadyExists.into()),
    });
    made.unable(|| ("make", dir))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    create(path, text, 0o666)
}

/// In a directory that was just made: what is there already, somebody else has put there.
fn create(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let written = file::create(path, mode).and_then(|file| file::write_all(file, text.as_bytes()));
    written.unable(|| ("write", path))
}
