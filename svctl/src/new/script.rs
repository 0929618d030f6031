//! The scripts of a new service directory.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Where its logger writes, below the logger.
pub(crate) const LOG_DIR: &str = "main";

/// The `run` of its logger: 20 archives of 1 MB at most, each line with its moment, nothing read that is not written. It
/// ends at end of file, after the service, so that nothing is lost.
pub(crate) fn log_run(user: Option<&str>) -> Vec<u8> {
    let become_user = as_user(user);
    format!("#!/bin/sh\nexec{become_user} svlog -b t n20 s1000000 ./{LOG_DIR}\n").into_bytes()
}

/// The `run` of the service.
pub(crate) fn run(command: &[OsString], user: Option<&str>, has_log: bool) -> Vec<u8> {
    let mut script = b"#!/bin/sh\n".to_vec();
    if has_log {
        script.extend_from_slice(b"# What it says on standard error goes to the logger too.\nexec 2>&1\n");
    }
    script.extend_from_slice(format!("exec{}", as_user(user)).as_bytes());
    for word in command {
        script.push(b' ');
        quote(&mut script, word.as_bytes());
    }
    script.push(b'\n');
    script
}

/// What goes before a program that a user shall run.
fn as_user(user: Option<&str>) -> String {
    user.map_or_else(String::new, |user| format!(" svrun -u {user} --"))
}

/// A word as sh(1) reads it back.
fn quote(script: &mut Vec<u8>, word: &[u8]) {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(b);
    if !word.is_empty() && word.iter().all(plain) {
        script.extend_from_slice(word);
        return;
    }
    script.push(b'\'');
    for &byte in word {
        match byte {
            b'\'' => script.extend_from_slice(b"'\\''"),
            byte => script.push(byte),
        }
    }
    script.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_change_them() {
        let command = ["printf", "%s\n", "it's", "", "a b", "$HOME", "--x=1"].map(OsString::from);
        let script = String::from_utf8(run(&command, None, false)).unwrap();
        assert_eq!(script, "#!/bin/sh\nexec printf '%s\n' 'it'\\''s' '' 'a b' '$HOME' --x=1\n");
    }

    #[test]
    fn user_and_logger_are_in_the_script() {
        let script = run(&["true".into()], Some("www-data"), true);
        let script = String::from_utf8(script).unwrap();
        assert!(script.contains("\nexec 2>&1\n"));
        assert!(script.ends_with("\nexec svrun -u www-data -- true\n"));
        let logger = String::from_utf8(log_run(Some("www-data"))).unwrap();
        assert_eq!(logger, "#!/bin/sh\nexec svrun -u www-data -- svlog -b t n20 s1000000 ./main\n");
    }
}
