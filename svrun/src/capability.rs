//! Capabilities by their names (capabilities(7), Linux 5.9).

/// Each at the place of its number.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

const ALL: u64 = (1 << NAMES.len()) - 1;

/// `all,-sys_admin`: names, with or without `cap_`, each added or, after a minus, taken away; `all`, `none`.
pub(crate) fn parse(text: &str) -> Option<u64> {
    text.split(',').try_fold(0, |set, word| {
        let (less, name) = word.strip_prefix('-').map_or((false, word), |name| (true, name));
        let bits = bits(&name.to_ascii_lowercase())?;
        Some(if less { set & !bits } else { set | bits })
    })
}

fn bits(name: &str) -> Option<u64> {
    let name = name.strip_prefix("cap_").unwrap_or(name);
    match name {
        "all" => Some(ALL),
        "none" => Some(0),
        name => NAMES.iter().position(|known| *known == name).map(|number| 1 << number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_added_and_taken_away() {
        assert_eq!(parse("chown,CAP_KILL"), Some(0b10_0001));
        assert_eq!(parse("all,-chown"), Some(ALL - 1));
        assert_eq!(parse("none"), Some(0));
        assert_eq!(bits("net_bind_service"), Some(1 << 10));
        assert_eq!(bits("checkpoint_restore"), Some(1 << 40));
        assert_eq!(parse("").or(parse("nothing")).or(parse("all,")), None);
    }
}
