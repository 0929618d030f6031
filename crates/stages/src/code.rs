//! The exit code of a container.

/// What can be said about how a container ended. The first of these that there is decides.
///
/// | exit code | when |
/// | --- | --- |
/// | the failed script's | an init script or the hook failed, and a failure stops the container; 1 for anything else that failed |
/// | the command's | it ended by itself |
/// | the essential service's | a service ended the tree |
/// | what the exit code file says | somebody has written one |
/// | the command's | it was told to end |
/// | 0 | a stop that was asked for |
///
/// A command or a service that a signal has killed counts as 128 and the signal's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    /// Of what failed before the command.
    pub failed: Option<u8>,
    /// Of the command, if it ended by itself.
    pub command: Option<u8>,
    /// Of the scanner, if it ended by itself with something else than 0.
    pub tree: Option<u8>,
    /// Of the command, if it was told to end.
    pub told: Option<u8>,
}

impl Codes {
    /// The exit code, where the exit code file says `file`.
    pub fn decide(&self, file: Option<u8>) -> u8 {
        self.failed.or(self.command).or(self.tree).or(file).or(self.told).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_that_there_is_decides() {
        let all = Codes { failed: Some(1), command: Some(2), tree: Some(3), told: Some(5) };
        assert_eq!(all.decide(Some(4)), 1);
        assert_eq!(Codes { failed: None, ..all }.decide(Some(4)), 2);
        assert_eq!(Codes { failed: None, command: None, ..all }.decide(Some(4)), 3);
        assert_eq!(Codes { told: Some(5), ..Codes::default() }.decide(Some(4)), 4);
        assert_eq!(Codes { told: Some(5), ..Codes::default() }.decide(None), 5);
        assert_eq!(Codes::default().decide(None), 0);
    }
}
