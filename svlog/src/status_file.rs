//! Status files: the last selected line, and nothing else.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use logscript::Dressed;
use sys::file;

/// Writes a line to the status file at `path`, cut or padded with newlines to `size` bytes; 0: as long as it is.
pub(crate) fn write(path: &[u8], size: usize, line: &Dressed<'_>) {
    let mut bytes = line.parts().concat();
    if size > 0 {
        bytes.resize(size, b'\n');
    }
    let path = Path::new(OsStr::from_bytes(path));
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    if let Err(error) = file::replace(path, Path::new(&beside), &bytes, 0o666) {
        cli::warn(format_args!("unable to write {}: {}", path.display(), cli::reason(&error)));
    }
}
