//! What the program finds where it was started.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sys::terminal;

/// The service whose logger runs in the current directory: its name, without that of its `log`. Empty: it cannot be told.
pub(crate) fn service() -> Vec<u8> {
    std::env::current_dir().map(|dir| name_of(&dir).to_vec()).unwrap_or_default()
}

/// The colours of names on standard output; none where it is no terminal, or where none are wanted.
pub(crate) fn colours() -> &'static [u8] {
    if terminal::is_output() && !cli::colour::is_plain() { &cli::colour::COLOURS } else { &[] }
}

/// `…/web/log`, `…/web-log` and `…/web` are of `web`.
fn name_of(dir: &Path) -> &[u8] {
    match dir.file_name().map(OsStr::as_bytes) {
        Some(b"log") => dir.parent().and_then(Path::file_name).map_or(b"", OsStr::as_bytes),
        Some(name) => name.strip_suffix(b"-log").filter(|name| !name.is_empty()).unwrap_or(name),
        None => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logger_has_the_name_of_its_service() {
        for (dir, name) in [
            ("/service/web/log", "web"),
            ("/service/web", "web"),
            ("/run/service/web-log", "web"),
            ("/log", ""),
            ("/-log", "-log"),
            ("/", ""),
        ] {
            assert_eq!(name_of(Path::new(dir)), name.as_bytes(), "{dir}");
        }
    }
}
