//! Who has started whom.

use sys::proc::Process;
use unix::Pid;

/// All processes of one moment.
pub(crate) struct Family(Vec<Process>);

impl Family {
    pub(crate) fn new(processes: Vec<Process>) -> Family {
        Family(processes)
    }

    pub(crate) fn find(&self, pid: Pid) -> Option<&Process> {
        self.0.iter().find(|process| process.pid == pid)
    }

    /// `first` and everything below it, each with its depth; parents before their children. What a service
    /// has left behind, and the scanner has taken over, is known by its session: `run` began one.
    pub(crate) fn below(&self, first: Pid) -> Vec<(Pid, usize)> {
        let mut found = Vec::new();
        self.add(&mut found, first, 0);
        let is_left = |process: &&Process| process.session == Some(first);
        for process in self.0.iter().filter(is_left) {
            // Its parent may be one of them, and come later.
            let has_parent = self.0.iter().any(|other| {
                Some(other.pid) == process.parent && other.session == Some(first) && other.pid != process.pid
            });
            if !has_parent && found.iter().all(|(pid, _)| *pid != process.pid) {
                self.add(&mut found, process.pid, 1);
            }
        }
        found
    }

    /// What is left of the session of a `run` that has died, and was `session`. If a process has that pid now, the
    /// session is another one.
    pub(crate) fn left(&self, session: Pid) -> Vec<&Process> {
        if self.find(session).is_some_and(|process| !process.is_zombie) {
            return Vec::new();
        }
        self.0.iter().filter(|process| process.session == Some(session) && !process.is_zombie).collect()
    }

    fn add(&self, found: &mut Vec<(Pid, usize)>, pid: Pid, depth: usize) {
        // Pids are used again: what was read at different moments can go in circles.
        if found.iter().any(|(known, _)| *known == pid) {
            return;
        }
        found.push((pid, depth));
        for child in self.0.iter().filter(|process| process.parent == Some(pid)) {
            self.add(found, child.pid, depth + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn process(pid: i64, parent: i64, session: i64) -> Process {
        Process {
            pid: Pid::new(pid).unwrap(),
            parent: Pid::new(parent),
            session: Pid::new(session),
            name: String::new(),
            is_zombie: false,
            resident: 0,
            cpu: Duration::ZERO,
        }
    }

    #[test]
    fn session_without_its_leader_is_left_by_him() {
        let mut processes = vec![process(1, 0, 1), process(6, 1, 5), process(7, 6, 5), process(8, 1, 8)];
        let session = Pid::new(5).unwrap();
        let left = |family: Family| -> Vec<_> {
            family.left(session).iter().map(|process| process.pid.get()).collect()
        };
        assert_eq!(left(Family::new(processes.clone())), [6, 7]);
        processes.push(process(5, 1, 5));
        assert_eq!(left(Family::new(processes)), [0; 0]);
    }

    #[test]
    fn orphans_belong_to_the_service_whose_session_they_are_in() {
        let family = Family::new(vec![
            process(1, 0, 1),
            process(5, 1, 5),
            process(6, 5, 5),
            process(7, 1, 5),
            process(8, 7, 5),
            process(9, 1, 9),
        ]);
        let below: Vec<_> =
            family.below(Pid::new(5).unwrap()).into_iter().map(|(pid, depth)| (pid.get(), depth)).collect();
        assert_eq!(below, [(5, 0), (6, 1), (7, 1), (8, 2)]);
    }
}
