//! Notices: the letters that a supervisor sends through `event/`.
//!
//! Source: s6 2.15.1.0, `doc/s6-supervise.html`.

/// A letter from the supervisor to whoever listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The supervisor has started.
    Started,
    /// `run` was started.
    Up,
    /// The service is ready.
    Ready,
    /// `run` has died, a script runs now.
    Dead,
    /// The service is down and ready to start.
    Down,
    /// It has failed: it stays down until somebody wants it up. Comes before `Down`.
    Failed,
    /// The supervisor exits.
    Exiting,
}

impl Notice {
    /// Every notice with its letter: the one place that pairs them.
    pub const TABLE: [(u8, Notice); 7] = [
        (b's', Notice::Started),
        (b'u', Notice::Up),
        (b'U', Notice::Ready),
        (b'd', Notice::Dead),
        (b'D', Notice::Down),
        (b'O', Notice::Failed),
        (b'x', Notice::Exiting),
    ];

    /// Its letter.
    pub const fn letter(self) -> u8 {
        match self {
            Notice::Started => Self::TABLE[0].0,
            Notice::Up => Self::TABLE[1].0,
            Notice::Ready => Self::TABLE[2].0,
            Notice::Dead => Self::TABLE[3].0,
            Notice::Down => Self::TABLE[4].0,
            Notice::Failed => Self::TABLE[5].0,
            Notice::Exiting => Self::TABLE[6].0,
        }
    }

    /// The notice that a letter stands for.
    pub fn from_letter(letter: u8) -> Option<Notice> {
        Self::TABLE.iter().find(|&&(spelling, _)| spelling == letter).map(|&(_, notice)| notice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_notices_pair_up() {
        for (letter, notice) in Notice::TABLE {
            assert_eq!(notice.letter(), letter);
            assert_eq!(Notice::from_letter(letter), Some(notice));
        }
        assert_eq!(Notice::from_letter(b'z'), None);
    }
}
