//! A service of the storm: `run`, `finish`, `crash` and `check` of every service are links to it.
//!
//! Whatever it does, it writes to the file `story` first: a line with the moment on the monotonic clock, the name of its
//! service, and what happens. The file `behaviour` says how it lives: a word and a number of milliseconds on each line.

#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use sys::lock::{Kind, Patience, Share};
use sys::{clock, poll, signals};
use unix::Signal;

/// The exit code of a service that shall not be started again: where it says so (`refuse`), its `finish` then exits 125.
const REFUSED: u8 = 100;

fn main() -> ExitCode {
    let open = descriptors();
    let args: Vec<String> = std::env::args().collect();
    let own = Own::read();
    match args[0].rsplit('/').next() {
        Some("run") => own.live(&open),
        Some(script @ ("finish" | "crash")) => own.script(script, &args[1..]),
        _ => ExitCode::SUCCESS,
    }
}

/// The descriptors that it was given, before it opens its own.
fn descriptors() -> String {
    let entries = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let is_own = |path: std::path::PathBuf| {
        std::fs::read_link(path).is_ok_and(|to| to.starts_with("/proc") && to.ends_with("fd"))
    };
    let given = entries.filter(|entry| !is_own(entry.path()));
    let mut numbers: Vec<u32> = given.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// The service as it knows itself.
struct Own {
    name: String,
    story: File,
    behaviour: String,
}

impl Own {
    fn read() -> Own {
        let here = std::env::current_dir().expect("a service has a directory");
        let name = here.to_str().and_then(|path| path.split_once("/store/")).expect("it is in the store").1;
        Own {
            name: name.to_owned(),
            story: OpenOptions::new().append(true).open("story").expect("the story can be written"),
            behaviour: std::fs::read_to_string("behaviour").unwrap_or_default(),
        }
    }

    /// A line, in one write, so that the order of lines is the order of what happened.
    fn tell(&self, what: &str) {
        let (at, pid) = (clock::monotonic().as_nanos(), std::process::id());
        let line = format!("{at} {} {pid} {what}\n", self.name);
        (&self.story).write_all(line.as_bytes()).expect("the story can be written");
    }

    fn time(&self, word: &str) -> Option<Duration> {
        let value = self.behaviour.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
        Some(Duration::from_millis(value?.parse().expect("behaviour holds numbers")))
    }

    fn script(&self, script: &str, args: &[String]) -> ExitCode {
        self.tell(&format!("{script} {}", args.join(" ")));
        std::thread::sleep(self.time(script).unwrap_or_default());
        self.tell(&format!("{script}ed"));
        let is_refused = args.first().is_some_and(|code| *code == REFUSED.to_string());
        if is_refused && self.time("refuse").is_some() { ExitCode::from(125) } else { ExitCode::SUCCESS }
    }

    fn live(&self, open: &str) -> ExitCode {
        let wanted = [Signal::TERM, Signal::USR1, Signal::USR2];
        let signals = signals::take(&wanted).expect("signals can be taken");
        let instance = OpenOptions::new().create(true).append(true).open("instance").expect("a lock");
        // A process holds it until it ends: who does not get it is not alone.
        let alone = sys::lock::take(&instance, Kind::Record, Share::Alone, Patience::None);
        let how = if alone.expect("a lock can be asked for") { "start" } else { "double" };
        self.tell(&format!("{how} {open}"));
        let mut life = Life::begin(self);
        loop {
            let input = life.reads.then(std::io::stdin);
            let sources = [Some(signals.as_fd()), input.as_ref().map(AsFd::as_fd)];
            let [signalled, readable] = poll::wait(sources, life.deadline()).expect("poll");
            let mut end = life.act();
            while let Some(signal) = signalled.then(|| signals.next().expect("signals")).flatten() {
                end = end.or(life.hear(signal));
            }
            if readable && std::io::stdin().read(&mut [0; 65536]).is_ok_and(|count| count == 0) {
                end = Some(0);
            }
            if let Some(code) = end {
                self.tell(&format!("end {code}"));
                return ExitCode::from(code);
            }
        }
    }
}

/// What is still to come in a life, by the monotonic clock.
struct Life {
    /// A logger, which ends with its input.
    reads: bool,
    prints_at: Option<Duration>,
    ready_at: Option<Duration>,
    /// It ends by itself.
    fails_at: Option<Duration>,
    /// From TERM to the end; `None`: TERM is ignored.
    dies: Option<Duration>,
    ends_at: Option<Duration>,
}

impl Life {
    fn begin(own: &Own) -> Life {
        let now = clock::monotonic();
        let at = |word| own.time(word).map(|time| now + time);
        Life {
            reads: own.name.ends_with("/log"),
            prints_at: at("print"),
            ready_at: at("ready"),
            fails_at: at("live"),
            dies: if own.time("ignore").is_some() { None } else { Some(own.time("die").unwrap_or_default()) },
            ends_at: None,
        }
    }

    fn deadline(&self) -> Option<Duration> {
        [self.prints_at, self.ready_at, self.fails_at, self.ends_at].into_iter().flatten().min()
    }

    /// Does what is due; gives the exit code when that is the end.
    fn act(&mut self) -> Option<u8> {
        let now = clock::monotonic();
        let is_due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
        if is_due(self.prints_at) {
            self.prints_at = Some(now + Duration::from_millis(50));
            if poll::can_write(std::io::stdout().as_fd()) {
                let _ = std::io::stdout().write_all(b"a line that somebody ought to read\n");
            }
        }
        if is_due(self.ready_at) {
            self.ready_at = None;
            let _ = std::fs::write("/proc/self/fd/3", "\n");
        }
        let failed = is_due(self.fails_at).then_some(1);
        failed.or(is_due(self.ends_at).then_some(0))
    }

    fn hear(&mut self, signal: Signal) -> Option<u8> {
        match (signal, self.dies) {
            (Signal::USR1, _) => Some(0),
            (Signal::USR2, _) => Some(REFUSED),
            (_, Some(Duration::ZERO)) => Some(0),
            (_, Some(time)) => {
                self.ends_at.get_or_insert(clock::monotonic() + time);
                None
            }
            (_, None) => None,
        }
    }
}
