//! Warnings that would come again and again.

use std::fmt::Display;
use std::time::Duration;

use sys::clock;

/// A warning that was said is not said again for so long.
const SILENCE: Duration = Duration::from_secs(600);
/// Reasons remembered; a new one drives the oldest out.
const MOST: usize = 64;

/// The warnings that were said lately.
#[derive(Debug, Default)]
pub(crate) struct Hush(Vec<(String, Duration)>);

impl Hush {
    /// Says a warning, unless it was said lately under this key.
    pub(crate) fn warn(&mut self, key: String, text: impl Display) {
        self.warn_once(key, &text);
    }

    fn warn_once(&mut self, key: String, text: &dyn Display) {
        let now = clock::monotonic();
        self.0.retain(|(_, said)| *said + SILENCE > now);
        if self.0.iter().any(|(other, _)| *other == key) {
            return;
        }
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push((key, now));
        cli::warn(text);
    }

    /// What was wrong is right again: the next time it is news. `true` if it was wrong.
    pub(crate) fn forget(&mut self, prefix: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(key, _)| !key.starts_with(prefix));
        self.0.len() != before
    }
}
