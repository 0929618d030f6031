//! The lines that services write themselves.

use std::time::Duration;

use crate::fleet::{Member, index};
use crate::history::{Entry, Event, Story, Word};

/// A line of the story: `NANOSECONDS SERVICE PID WORD …`.
pub fn parse(line: &str, members: &[Member]) -> Option<Entry> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [at, name, pid, word, ref rest @ ..] = words[..] else { return None };
    let word = match word {
        "start" => Word::Start(rest.first()?.split(',').filter_map(|number| number.parse().ok()).collect()),
        "double" => Word::Double,
        "end" => Word::End,
        "finish" => {
            let is_signal = matches!(*rest.first()?, "256" | "-1");
            Word::Finish(rest.get(3).and_then(|group| group.parse().ok()), is_signal)
        }
        "finished" => Word::Finished,
        "crash" => Word::Crash,
        "crashed" => Word::Crashed,
        _ => return None,
    };
    let story = Story { service: index(members, name)?, pid: pid.parse().ok()?, word };
    Some(Entry { at: Duration::from_nanos(at.parse().ok()?), event: Event::Story(story) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::fleet;

    #[test]
    fn lines_are_read_as_services_write_them() {
        let word = |line: &str| match parse(line, &fleet())?.event {
            Event::Story(story) => Some((story.pid, story.word)),
            _ => None,
        };
        assert_eq!(word("5 plain-1 7 start 0,1,2"), Some((7, Word::Start(vec![0, 1, 2]))));
        assert_eq!(word("5 logged-1/log 7 end 0"), Some((7, Word::End)));
        let killed = Word::Finish(Some(7), true);
        assert_eq!(word("5 finish-1 9 finish 256 9 finish-1 7"), Some((9, killed)));
        // runit gives two arguments only.
        assert_eq!(word("5 finish-1 9 finish 0 0"), Some((9, Word::Finish(None, false))));
        assert_eq!(word("5 nobody 7 start 0"), None);
        assert_eq!(word("5 plain-1 7 dances"), None);
    }
}
