//! The services that operands name.

use std::ffi::OsString;

use cli::Failure;

use crate::status::find;
pub(crate) use crate::status::find::Place;

/// The services that operands name; none: all that can be found.
pub(crate) fn services(operands: Vec<OsString>) -> Result<Vec<Place>, Failure> {
    let found = find::services(operands)?;
    match found.failed {
        Some(code) if found.services.is_empty() => Err(Failure::Silent(code)),
        _ => Ok(found.services),
    }
}
