//! What a logger that begins must do with what the last one left.

/// What stands in a log directory before a logger begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// `current`: whether it was finished cleanly.
    pub current: Option<bool>,
    /// `previous`: it stands there.
    pub previous: bool,
    /// `processed`: whether it was finished cleanly, so that it takes the place of `previous`.
    pub processed: Option<bool>,
}

/// What is to be done, in this order. Done twice, the second time does nothing: a logger may be killed in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Remove `processed`: a processor was interrupted.
    pub drop_processed: bool,
    /// Remove `previous`: `processed` has all of it.
    pub drop_previous: bool,
    /// Remove `newstate` and empty `state`: they belong to a processor that was interrupted.
    pub drop_state: bool,
    /// `processed` becomes an archive `.s`.
    pub keep_processed: bool,
    /// `previous` becomes an archive `.u`.
    pub keep_previous: bool,
    /// `current` becomes an archive `.u`.
    pub keep_current: bool,
}

/// Decides what to do. Nothing that a service has said is removed.
pub fn recovery(found: Found) -> Recovery {
    let was_interrupted = found.previous || found.processed.is_some() || found.current != Some(true);
    Recovery {
        drop_processed: found.processed == Some(false),
        drop_previous: found.processed == Some(true),
        drop_state: was_interrupted,
        keep_processed: found.processed == Some(true),
        keep_previous: found.previous && found.processed != Some(true),
        keep_current: found.current == Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_directory_needs_nothing() {
        assert_eq!(recovery(Found { current: Some(true), ..Found::default() }), Recovery::default());
    }

    #[test]
    fn interrupted_current_is_kept_apart() {
        let plan = recovery(Found { current: Some(false), ..Found::default() });
        assert_eq!(plan, Recovery { keep_current: true, drop_state: true, ..Recovery::default() });
    }

    #[test]
    fn previous_is_never_dropped_without_what_was_made_of_it() {
        for current in [None, Some(false), Some(true)] {
            for processed in [None, Some(false), Some(true)] {
                let plan = recovery(Found { current, previous: true, processed });
                assert_eq!(plan.drop_previous, processed == Some(true));
                assert_eq!(plan.keep_previous, processed != Some(true));
                assert_eq!(plan.keep_processed, processed == Some(true));
            }
        }
    }
}
