//! The observer: looks at /proc, listens to the notices, reads what services write, and records all of it. It knows
//! nothing of what the player does.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use sys::clock;

use crate::history::{Entry, Event, Word};
use crate::kit::Listener;
use crate::look::{Eyes, Process, Role};
use crate::story;

/// How often it looks.
const PAUSE: Duration = Duration::from_millis(15);

/// What was recorded; the player adds to it, too.
#[derive(Clone, Debug, Default)]
pub struct Record(Arc<Mutex<Vec<Entry>>>);

impl Record {
    /// Adds something that is so now.
    pub fn add(&self, event: Event) {
        self.add_at(clock::monotonic(), event);
    }

    /// Adds something that was so then.
    pub fn add_at(&self, at: Duration, event: Event) {
        self.add_all([Entry { at, event }]);
    }

    fn add_all(&self, entries: impl IntoIterator<Item = Entry>) {
        self.0.lock().expect("nobody panics while he records").extend(entries);
    }

    /// Which services were started since then.
    pub fn started_since(&self, then: Duration) -> Vec<usize> {
        let entries = self.0.lock().expect("nobody panics while he records");
        // What is read from the story comes a little later than what was recorded at once.
        let recent = entries.iter().rev().take_while(|entry| entry.at + Duration::from_secs(5) > then);
        let starts = recent.filter(|entry| entry.at > then).filter_map(|entry| match &entry.event {
            Event::Story(story) => matches!(story.word, Word::Start(_)).then_some(story.service),
            _ => None,
        });
        starts.collect()
    }

    /// All of it, in the order of the clock.
    pub fn all(&self) -> Vec<Entry> {
        let mut entries = self.0.lock().expect("nobody panics while he records").clone();
        entries.sort_by_key(|entry| entry.at);
        entries
    }
}

/// An observer at work. Dropped, it stops.
#[derive(Debug)]
pub struct Observer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Observer {
    /// Begins to observe. `services` is where their directories are.
    pub fn start(
        eyes: Eyes,
        services: PathBuf,
        story: PathBuf,
        listeners: Vec<Listener>,
        record: Record,
    ) -> Observer {
        let stop = Arc::new(AtomicBool::new(false));
        let mut watch = Watch {
            eyes,
            services,
            story,
            read: 0,
            listeners,
            record,
            lives: BTreeMap::new(),
            scanner: None,
        };
        let is_over = stop.clone();
        let thread = std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                watch.turn();
                std::thread::sleep(PAUSE);
            }
        });
        Observer { stop, thread: Some(thread) }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

struct Watch {
    eyes: Eyes,
    services: PathBuf,
    story: PathBuf,
    /// How much of the story is known.
    read: u64,
    listeners: Vec<Listener>,
    record: Record,
    /// Each `run` that lived at the last look: its service, and when that was.
    lives: BTreeMap<(i32, String), (usize, Duration)>,
    scanner: Option<i32>,
}

impl Watch {
    fn turn(&mut self) {
        self.listen();
        self.read_story();
        self.look();
    }

    /// The record is read after the letters: it must be at least as new.
    fn listen(&mut self) {
        for (service, listener) in self.listeners.iter().enumerate() {
            let letters = listener.take();
            if !letters.is_empty() {
                let dir = self.services.join(&self.eyes.members[service].name);
                self.record.add(Event::Notices(service, letters, self.eyes.suite.state(&dir)));
            }
        }
    }

    fn read_story(&mut self) {
        let mut text = String::new();
        let read = File::open(&self.story).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.read))?;
            file.read_to_string(&mut text)
        });
        read.expect("the story can be read");
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.read += whole as u64;
        // Who is killed while he writes may leave part of a line.
        let entries = text[..whole].lines().filter_map(|line| story::parse(line, &self.eyes.members));
        self.record.add_all(entries.collect::<Vec<_>>());
    }

    fn look(&mut self) {
        let processes = self.eyes.look();
        let now = clock::monotonic();
        let mut lives = BTreeMap::new();
        for process in &processes {
            if let Role::Run(service) = process.role {
                lives.insert((process.pid, process.began.clone()), (service, now));
            }
        }
        for ((pid, began), (service, seen)) in &self.lives {
            if !lives.contains_key(&(*pid, began.clone())) {
                self.record.add(Event::Gone(*service, *pid, *seen));
            }
        }
        self.lives = lives;
        self.find_twins(&processes);
        let scanner =
            processes.iter().find(|process| process.role == Role::Scanner).map(|process| process.pid);
        let gone = self.scanner.filter(|pid| self.eyes.process(*pid).is_none_or(|process| process.is_dead()));
        if let Some(pid) = gone {
            self.record.add(Event::ScannerGone(pid));
        }
        self.scanner = scanner;
    }

    /// Two of one service were there at one moment if the first was still there after the second was seen.
    fn find_twins(&self, processes: &[Process]) {
        let mut runs: Vec<(usize, &Process)> = Vec::new();
        for process in processes {
            let Role::Run(service) = process.role else { continue };
            for (_, other) in runs.iter().filter(|(known, _)| *known == service) {
                let again = |process: &Process| {
                    self.eyes
                        .process(process.pid)
                        .is_some_and(|now| now.began == process.began && now.role == process.role)
                };
                if again(other) && again(process) {
                    self.record.add(Event::Twice(service, [other.pid, process.pid]));
                }
            }
            runs.push((service, process));
        }
    }
}
