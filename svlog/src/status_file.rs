//! Status files: the last selected line, and nothing else.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use logscript::{Change, Dressed};
use sys::file;

/// Writes a line to the status file at `path`, cut or padded with newlines to `size` bytes; 0: as long as it is.
///
/// # Errors
/// The system refuses; the file is as it was.
pub(crate) fn write(path: &[u8], size: usize, change: Change, line: &Dressed<'_>) -> io::Result<()> {
    let mut bytes = line.parts().concat();
    if size > 0 {
        bytes.resize(size, b'\n');
    }
    let path = Path::new(OsStr::from_bytes(path));
    match change {
        Change::Overwritten => file::overwrite(path, &bytes),
        Change::Replaced => {
            let mut beside = path.as_os_str().to_owned();
            beside.push(".new");
            file::replace(path, Path::new(&beside), &bytes, 0o666)
        }
    }
}

/// Says why the status file at `path` was not written.
pub(crate) fn complain(path: &[u8], error: &io::Error) {
    let (path, reason) = (OsStr::from_bytes(path).display(), cli::reason(error));
    cli::warn(format_args!(
        "unable to write {path}: {reason}; it stays as it is until a line can be written"
    ));
}
