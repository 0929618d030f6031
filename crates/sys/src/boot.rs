//! Where a pid means something: in one PID namespace, from one start of the machine to the next.

use std::path::Path;

use crate::file;

/// Bytes of an epoch.
pub const EPOCH_SIZE: usize = 48;

/// What tells this run of the machine, and this PID namespace, from every other: the boot id (random(4)) as text,
/// and the namespace's inode (namespaces(7)). Where /proc does not tell, zeros.
pub fn epoch() -> [u8; EPOCH_SIZE] {
    let mut epoch = [0; EPOCH_SIZE];
    let (boot, namespace) = epoch.split_at_mut(EPOCH_SIZE - 8);
    if !matches!(file::read_into(Path::new("/proc/sys/kernel/random/boot_id"), boot), Ok(Some(_))) {
        boot.fill(0);
    }
    if let Ok(Some(info)) = file::look(Path::new("/proc/self/ns/pid")) {
        namespace.copy_from_slice(&info.identity.1.to_be_bytes());
    }
    epoch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_is_the_same_twice_and_says_something() {
        assert_eq!(epoch(), epoch());
        assert!(epoch()[..36].iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-'));
        assert_ne!(epoch()[EPOCH_SIZE - 8..], [0; 8]);
    }
}
