//! Colours of names on a terminal.

/// Numbers of SGR (ECMA-48), one for each name in turn.
pub const COLOURS: [u8; 6] = [36, 33, 32, 35, 34, 31];

/// No colours are wanted (<https://no-color.org>).
pub fn is_plain() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
