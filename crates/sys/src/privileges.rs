//! What this process may do beyond its user: capabilities(7), and the promise to get no more.
//!
//! A set of capabilities is a number: bit n is the capability n.

use std::io;

use rustix::thread::{CapabilitySet, CapabilitySets};

/// No program that is executed from now on gives more privileges (prctl(2), PR_SET_NO_NEW_PRIVS).
///
/// # Errors
/// EINVAL: the kernel is older than 3.5.
pub fn renounce_new() -> io::Result<()> {
    Ok(rustix::thread::set_no_new_privs(true)?)
}

/// The permitted capabilities outlive the next change of the user (prctl(2), PR_SET_KEEPCAPS).
///
/// # Errors
/// EPERM: a secure bit forbids it.
pub fn keep_capabilities() -> io::Result<()> {
    Ok(rustix::thread::set_keep_capabilities(true)?)
}

/// Takes every capability that is not in `stays` out of the bounding set: no program gets it any more.
///
/// # Errors
/// EPERM: this needs CAP_SETPCAP.
pub fn bound(stays: u64) -> io::Result<()> {
    for number in 0..64 {
        match control(libc::PR_CAPBSET_READ, number, 0) {
            // The kernel knows no capability from here on.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => break,
            Err(error) => return Err(error),
            Ok(1) if stays & 1 << number == 0 => drop(control(libc::PR_CAPBSET_DROP, number, 0)?),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Makes `set` the capabilities of this process and, whoever its user is, of every program that it executes.
///
/// # Errors
/// EPERM: it lacks one of them.
pub fn make_ambient(set: u64) -> io::Result<()> {
    let only = CapabilitySet::from_bits_retain(set);
    let sets = CapabilitySets { effective: only, permitted: only, inheritable: only };
    rustix::thread::set_capabilities(None, sets)?;
    for number in (0..64).filter(|number| set & 1 << number != 0) {
        control(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_RAISE as libc::c_ulong, number)?;
    }
    Ok(())
}

fn control(operation: libc::c_int, first: libc::c_ulong, second: libc::c_ulong) -> io::Result<libc::c_int> {
    let zero: libc::c_ulong = 0;
    // SAFETY: the operations above take numbers and touch no memory; prctl(2) wants what is not used to be 0.
    match unsafe { libc::prctl(operation, first, second, zero, zero) } {
        -1 => Err(io::Error::last_os_error()),
        answer => Ok(answer),
    }
}
