//! Pipes to loggers: who writes, who reads, what was lost.

use unix::{Exit, Pid};

use crate::kernel::{Kind, Process};
use crate::world::World;

/// A pipe.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pipe {
    /// The scanner has its ends open.
    pub(crate) held: bool,
    /// Lines that nobody has read yet.
    pub(crate) unread: u32,
    /// Lines that nobody will read.
    pub(crate) lost: u32,
    /// The directories at its ends, producer and logger, as far as they have started.
    pub(crate) ends: [Option<usize>; 2],
}

impl World {
    pub(crate) fn new_pipe(&mut self) -> usize {
        self.pipes.push(Pipe { held: true, ..Pipe::default() });
        self.pipes.len() - 1
    }

    /// A process says something at its end: then it is known what was lost.
    pub(crate) fn last_words(&mut self, pid: Pid) {
        let Some(process) = self.process(pid) else { return };
        if let (Some(pipe), Kind::Run | Kind::Script(_)) = (process.output, process.kind) {
            self.pipes[pipe].unread += 1;
            self.read_pipes();
        }
    }

    /// Loggers that run read at once.
    fn read_pipes(&mut self) {
        for process in self.processes.iter().filter(|p| p.kind == Kind::Run && p.dead.is_none() && !p.stopped)
        {
            if let Some(pipe) = process.input {
                self.pipes[pipe].unread = 0;
            }
        }
    }

    /// Who has lost the last writer meets the end of his input, and what has lost the last reader is lost.
    pub(crate) fn pipes_after_a_death(&mut self) {
        self.read_pipes();
        for place in 0..self.pipes.len() {
            if self.pipes[place].held {
                continue;
            }
            let reads = |process: &&Process| process.input == Some(place);
            if !self.alive().any(|process| reads(&process)) {
                let pipe = &mut self.pipes[place];
                pipe.lost += core::mem::take(&mut pipe.unread);
            }
            if !self.alive().any(|process| process.output == Some(place)) {
                let end = (self.now + 1, Exit::Code(0));
                let readers = self.processes.iter_mut().filter(|p| p.input == Some(place));
                for reader in readers.filter(|p| p.kind == Kind::Run && p.dead.is_none()) {
                    reader.dies_at =
                        Some(reader.dies_at.map_or(end, |other| if other.0 <= end.0 { other } else { end }));
                }
            }
        }
    }
}
