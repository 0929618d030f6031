//! The scripts of a new service directory.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Where setpriv(1) usually is.
pub(crate) const SETPRIV: [&str; 2] = ["/usr/bin/setpriv", "/bin/setpriv"];

/// The `run` of its logger: 20 archives of 1 MB at most, each line with its moment, nothing read that is not written. It
/// ends at end of file, after the service, so that nothing is lost.
pub(crate) const LOG_RUN: &str = "#!/bin/sh
exec svlog -b t n20 s1000000 ./main
";

/// The `run` of the service.
pub(crate) fn run(command: &[OsString], user: Option<&str>, has_log: bool) -> Vec<u8> {
    let mut script = b"#!/bin/sh\n".to_vec();
    if has_log {
        script.extend_from_slice(b"# What it says on standard error goes to the logger too.\nexec 2>&1\n");
    }
    script.extend_from_slice(b"exec");
    if let Some(user) = user {
        let setpriv = format!(" setpriv --reuid={user} --regid=\"$(id -g {user})\" --init-groups --");
        script.extend_from_slice(setpriv.as_bytes());
    }
    for word in command {
        script.push(b' ');
        quote(&mut script, word.as_bytes());
    }
    script.push(b'\n');
    script
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
        assert!(script.ends_with(
            "\nexec setpriv --reuid=www-data --regid=\"$(id -g www-data)\" --init-groups -- true\n"
        ));
    }
}
