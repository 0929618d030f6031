//! What is recorded of a storm, for the checker: nothing else counts.

use std::time::Duration;

use crate::step::Step;

/// Something that was done or seen, with its moment on the monotonic clock.
#[derive(Clone, Debug)]
pub struct Entry {
    pub at: Duration,
    pub event: Event,
}

/// Services are places in the fleet.
#[derive(Clone, Debug)]
pub enum Event {
    /// The player did this; `false`: there was nothing to do it to.
    Step(Step, bool),
    /// A service wrote this.
    Story(Story),
    /// Letters came together; the state is what the record said afterwards.
    Notices(usize, String, Option<State>),
    /// Two instances were seen to live at one time.
    Twice(usize, [i32; 2]),
    /// A `run` that was seen to live at this moment for the last time.
    Gone(usize, i32, Duration),
    /// The scanner went without having been killed.
    ScannerGone(i32),
    /// Everything that does harm has ended; the tree may settle from now on.
    Healed,
    /// A quiet point.
    Quiet(Quiet),
}

/// A line of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    pub service: usize,
    pub pid: i32,
    pub word: Word,
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// `run` lives, with these descriptors.
    Start(Vec<u32>),
    /// The same, but another one lives, too.
    Double,
    /// `run` ends by itself.
    End,
    /// `finish` begins: for the process group of this `run`, where the suite says so; true: a signal killed it.
    Finish(Option<i32>, bool),
    Finished,
    Crash,
    Crashed,
}

/// What a record says, whatever its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    pub pid: Option<i32>,
    pub finishing: bool,
    pub wanted_up: bool,
    pub ready: bool,
}

impl State {
    pub fn is_up(&self) -> bool {
        self.pid.is_some() && !self.finishing
    }
}

/// What is so when nothing happens.
#[derive(Clone, Debug, Default)]
pub struct Quiet {
    /// One for each service, in the order of the fleet.
    pub services: Vec<Rest>,
    pub scanner: Option<Holder>,
    /// The scanner takes commands.
    pub scanner_listens: bool,
    /// The dead that nobody has collected for a second.
    pub zombies: Vec<(i32, String)>,
}

/// A service at rest.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// How long it took since the heal; `None`: longer than its bound.
    pub settled: Option<Duration>,
    /// `run`, each that lives.
    pub instances: Vec<i32>,
    /// Scripts that live.
    pub scripts: Vec<i32>,
    pub supervisors: Vec<Holder>,
    pub state: Option<State>,
    /// The supervisor takes commands.
    pub listens: bool,
    /// `run` was started since the heal.
    pub started: bool,
}

/// A process that could leak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    pub pid: i32,
    pub descriptors: usize,
    /// Anonymous memory in KiB.
    pub anonymous: u64,
}
