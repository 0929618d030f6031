//! Mistakes on demand, for the tests of the last resort, which nothing but a mistake leads to. No release has this.

/// Where this is set, two bytes that are no commands are mistakes.
const VARIABLE: &str = "SVSCAN_MISTAKES";

/// A panic, or an appetite that no memory satisfies, if this byte asks for one.
pub(crate) fn on_demand(byte: u8) {
    if !matches!(byte, b'!' | b'*') || std::env::var_os(VARIABLE).is_none() {
        return;
    }
    assert_ne!(byte, b'!', "on demand");
    loop {
        vec![byte; 1000].leak();
    }
}
