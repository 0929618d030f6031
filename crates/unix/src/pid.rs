//! Process ids.

use core::fmt;
use core::num::NonZeroU32;

/// A process id; never 0 and never negative, so that it can never mean "my own process group" or
/// "everybody" to kill(2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(NonZeroU32);

impl Pid {
    /// The first process of a system, or of a PID namespace.
    pub const INIT: Pid = Pid(NonZeroU32::MIN);

    /// The pid with this number; `None` unless it is in 1..2^31.
    pub const fn new(number: i64) -> Option<Pid> {
        if number < 1 || number > i32::MAX as i64 {
            return None;
        }
        match NonZeroU32::new(number as u32) {
            Some(number) => Some(Pid(number)),
            None => None,
        }
    }

    /// Its number, 1 or more.
    pub const fn get(self) -> i32 {
        self.0.get() as i32
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_positive_number_is_a_pid() {
        assert_eq!(Pid::new(0), None);
        assert_eq!(Pid::new(-1), None);
        assert_eq!(Pid::new(1 << 31), None);
        assert_eq!(Pid::new(7).map(Pid::get), Some(7));
    }
}
