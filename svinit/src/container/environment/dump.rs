//! `my_init`'s copies of the environment: one that a shell can read, one in JSON.
//!
//! Source: baseimage-docker 0.10, README, "Environment variable dumps".

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sys::file;

use super::Variables;

/// Where `my_init` has the environment, a file a variable.
pub(super) const DIRECTORY: &str = "/etc/container_environment";
const SHELL: &str = "/etc/container_environment.sh";
const JSON: &str = "/etc/container_environment.json";
/// For those whom an image lets in.
const MODE: u32 = 0o640;

/// Variables of the process, not of the container.
pub(super) const NOT_FOR_OTHERS: [&str; 6] = ["HOME", "USER", "GROUP", "UID", "GID", "SHELL"];

/// Writes both. What cannot be written is as it was: a container does not depend on it.
pub(super) fn write(variables: &Variables) {
    for (path, text) in [(SHELL, shell(variables)), (JSON, json(variables))] {
        let path = Path::new(path);
        let _ = file::make_empty(path, MODE).and_then(|()| file::overwrite(path, &text));
    }
}

/// `export NAME='VALUE'`, a line each; what a shell does not allow in a name becomes `_`.
fn shell(variables: &Variables) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in variables.iter().filter(|(name, _)| NOT_FOR_OTHERS.iter().all(|one| name != one)) {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        text.extend(b"export ");
        text.extend(name.as_bytes().iter().map(|&byte| if is_word(byte) { byte } else { b'_' }));
        text.extend(b"='");
        for &byte in value.as_bytes() {
            match byte {
                b'\'' => text.extend(b"'\\''"),
                byte => text.push(byte),
            }
        }
        text.extend(b"'\n");
    }
    text
}

fn json(variables: &Variables) -> Vec<u8> {
    let pair = |(name, value): &(_, _)| format!("{}: {}", quoted(name), quoted(value));
    let pairs: Vec<String> = variables.iter().map(pair).collect();
    format!("{{{}}}", pairs.join(", ")).into_bytes()
}

/// A string of JSON; what is not UTF-8 is replaced.
fn quoted(text: &std::ffi::OsString) -> String {
    let mut quoted = String::from("\"");
    for letter in text.to_string_lossy().chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumps_can_be_read_back() {
        let variables = vec![("A-b".into(), "it's\n\"x\"\\".into()), ("HOME".into(), "/root".into())];
        assert_eq!(shell(&variables), b"export A_b='it'\\''s\n\"x\"\\'\n");
        assert_eq!(json(&variables), br#"{"A-b": "it's\u000a\"x\"\\", "HOME": "/root"}"#);
    }
}
