//! The world: everything that there is, and how a schedule is played in it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use unix::{Exit, Now, Pid, Stamp};

use crate::clock::Ms;
use crate::directory::{Directory, NAMES, Place};
use crate::kernel::Process;
use crate::law::{Law, Violation};
use crate::meddle::Meddle;
use crate::pipes::Pipe;
use crate::random::Random;
use crate::scanner::Scanner;
use crate::schedule::Schedule;
use crate::supervisor::Supervisor;

/// What a schedule has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Steps of either machine.
    pub steps: u64,
    /// Processes that were started.
    pub processes: u64,
}

/// Everything.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// The monotonic clock.
    pub(crate) now: Ms,
    /// How much more the wall clock shows.
    pub(crate) wall: i64,
    /// What the move that is being made has left to chance.
    pub(crate) chance: Random,
    pub(crate) processes: Vec<Process>,
    pub(crate) last_pid: i64,
    pub(crate) pipes: Vec<Pipe>,
    /// Directories that were ever made; a `log` is one, too.
    pub(crate) directories: Vec<Directory>,
    /// What stands under each name in the scan directory.
    pub(crate) places: [Option<Place>; NAMES.len()],
    pub(crate) supervisors: Vec<Supervisor>,
    pub(crate) scanner: Scanner,
    /// When nobody had anything to do last.
    pub(crate) served: Ms,
    /// Everything is well from now on.
    pub(crate) well: bool,
    pub(crate) meddle: Meddle,
    /// Who is killed after so many actions.
    pub(crate) doom: Option<(Pid, u32)>,
    /// Every `run` whose `finish` was started.
    pub(crate) finished: Vec<Pid>,
    /// How those have ended that the scanner has waited for.
    pub(crate) deaths: Vec<(Pid, Exit)>,
    pub(crate) steps: u64,
    pub(crate) story: Option<Vec<String>>,
    pub(crate) broken: Option<Violation>,
}

/// Plays a schedule.
///
/// # Errors
/// The first violation of a law.
pub fn play(schedule: &Schedule) -> Result<Count, Violation> {
    play_with(schedule, Meddle::NOT)
}

/// Plays a schedule with machines that are meddled with.
///
/// # Errors
/// The first violation of a law.
pub fn play_with(schedule: &Schedule, meddle: Meddle) -> Result<Count, Violation> {
    let mut world = World::new(schedule.beginning, meddle);
    world.play(schedule);
    match world.broken {
        Some(violation) => Err(violation),
        None => Ok(Count { steps: world.steps, processes: world.last_pid as u64 }),
    }
}

/// A schedule in words, a line for each thing that happens, with the violation last.
pub fn tell(schedule: &Schedule, meddle: Meddle) -> String {
    let mut world = World::new(schedule.beginning, meddle);
    world.story = Some(Vec::new());
    world.tell_beginning();
    world.play(schedule);
    let mut story = world.story.unwrap_or_default();
    if let Some(violation) = world.broken {
        story.push(format!("=> {violation}"));
    }
    story.join("\n")
}

impl World {
    fn play(&mut self, schedule: &Schedule) {
        for &number in &schedule.moves {
            if self.is_over() {
                return;
            }
            self.make_move(number);
        }
        self.end_well();
    }

    /// Nothing that comes now counts.
    pub(crate) fn is_over(&self) -> bool {
        self.broken.is_some() || self.scanner.left.is_some()
    }

    /// The moment on both clocks.
    pub(crate) fn moment(&self) -> Now {
        let wall = 1_700_000_000_000 + self.now as i64 + self.wall;
        let wall = Stamp::from_unix(wall.div_euclid(1000), wall.rem_euclid(1000) as u32 * 1_000_000);
        Now { wall, monotonic: self.time() }
    }

    /// A law is broken; the first one counts.
    pub(crate) fn break_law(&mut self, law: Law, what: impl FnOnce(&World) -> String) {
        if self.broken.is_none() {
            self.broken = Some(Violation { law, what: what(self) });
        }
    }

    /// It must be so.
    pub(crate) fn law(&mut self, law: Law, holds: bool, what: impl FnOnce(&World) -> String) {
        if !holds {
            self.break_law(law, what);
        }
    }

    /// Something for the story.
    pub(crate) fn say(&mut self, what: impl FnOnce(&World) -> String) {
        if self.story.is_some() {
            let (now, text) = (self.now, what(self));
            if let Some(story) = &mut self.story {
                story.push(format!("{:>4}.{:03} {text}", now / 1000, now % 1000));
            }
        }
    }

    pub(crate) fn supervisor(&self, pid: Pid) -> Option<&Supervisor> {
        self.supervisors.iter().find(|supervisor| supervisor.pid == pid)
    }

    pub(crate) fn supervisor_mut(&mut self, pid: Pid) -> Option<&mut Supervisor> {
        self.supervisors.iter_mut().find(|supervisor| supervisor.pid == pid)
    }
}
