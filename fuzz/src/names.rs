//! Names of files, and letters.

use std::ffi::CString;

use status::Notice;
use svwait::Goal;

use crate::regular::Pattern;

/// Names that others give: of FIFOs in `event/`, of entries of a scan directory, patterns for them; letters of notices and
/// goals.
pub fn listeners(data: &[u8]) {
    let mut names = data.split(|&byte| byte == 0);
    let pattern = names.next().unwrap_or_default();
    // No name of a file has a slash in it.
    for name in names.filter(|name| !name.contains(&b'/')) {
        let own = CString::new(name).expect("there is no NUL in it");
        let is_subscriber = fifodir::is_subscriber(&own);
        assert_eq!(is_subscriber, name.len() == 39 && name.starts_with(b"ftrig1:@"));
        assert!(!(is_subscriber && name.starts_with(b".")), "one in the making is not written to");
        assert_eq!(scandir::is_service_name(name), name.first().is_some_and(|&first| first != b'.'));
        let matches = cli::glob::matches(pattern, name);
        if pattern == name && !pattern.iter().any(|byte| b"*?[\\".contains(byte)) {
            assert!(matches, "it is itself");
        }
        assert!(cli::glob::matches(b"*", name) || name.starts_with(b"."));
    }
    for &byte in data {
        if let Some(notice) = Notice::from_letter(byte) {
            assert_eq!(notice.letter(), byte);
        }
        let _ = Goal::from_letter(char::from(byte));
    }
    patterns(pattern, data);
}

/// Patterns over the letters of notices; each brace may multiply the time by 255, and it is the user's own time.
fn patterns(pattern: &[u8], text: &[u8]) {
    let pattern = &pattern[..pattern.len().min(64)];
    if pattern.iter().filter(|&&byte| byte == b'{').count() > 1 {
        return;
    }
    let Some(compiled) = Pattern::new(pattern) else { return };
    let text = &text[..text.len().min(64)];
    let matches = compiled.matches(text);
    // A `)` that is itself would end the group.
    if !pattern.contains(&b')')
        && let Some(group) = Pattern::new(&[b"(", pattern, b")"].concat())
    {
        assert_eq!(group.matches(text), matches);
    }
}
