//! For programs: one JSON object, a line for each service in it. `svctl(8)` documents it.
//!
//! Keys are added without notice; one that changes its meaning or goes raises `version`. A value that is
//! not known, or does not apply, is `null`: every key is always there.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;

use unix::{Exit, Stamp};

use super::view::View;

/// Of the keys and their meanings.
const VERSION: u32 = 1;

/// An object that is being written. What is added must be JSON.
struct Object(String);

/// The whole answer.
pub(crate) fn document(views: &[View], now: Stamp) -> String {
    let mut text = format!("{{\"version\":{VERSION},\"now\":{},\"services\":[", milliseconds(now));
    for (i, view) in views.iter().enumerate() {
        text.push_str(if i == 0 { "\n" } else { ",\n" });
        text.push_str(&service(view));
    }
    text.push_str("\n]}\n");
    text
}

fn service(view: &View) -> String {
    let live = view.live();
    let mut object = Object(String::new());
    object.text("name", Some(view.name.as_os_str()));
    object.text("directory", Some(view.dir.as_os_str()));
    object.text("state", Some(view.state()));
    object.plain("supervised", view.is_supervised);
    object.plain("pid", live.and_then(|record| record.pid));
    object.plain("up", live.map(|record| record.is_up()));
    object.plain("ready", live.map(|record| record.is_up() && record.ready));
    object.plain("paused", live.map(|record| record.paused && record.pid.is_some()));
    object.text("wanted", live.map(|record| if record.wanted_up { "up" } else { "down" }));
    object.plain("since", live.map(|record| milliseconds(record.since)));
    object.plain("ready_since", live.map(|record| milliseconds(record.ready_since)));
    object.plain("exit_code", view.last_exit().and_then(exit_code));
    object.text("exit_signal", view.last_exit().and_then(Exit::signal).map(|signal| signal.to_string()));
    object.plain("core", view.last_exit().map(|exit| matches!(exit, Exit::Killed { core: true, .. })));
    object.plain("killed_late", live.map(|_| view.detail.killed_late));
    object.plain("restarts", live.map(|_| view.detail.restarts));
    object.text("failed", live.and(view.detail.failed).map(|reason| reason.word()));
    object.plain("start_at", live.and(view.detail.start_at).map(milliseconds));
    object.text("problem", view.problem.as_deref());
    object.plain("as_wanted", Some(view.is_as_wanted()));
    object.plain("normally_up", Some(view.normally_up));
    object.plain("tells_ready", Some(view.tells_ready));
    object.plain("logger", Some(view.is_logger()));
    format!("{{{}}}", object.0)
}

fn exit_code(exit: Exit) -> Option<u8> {
    match exit {
        Exit::Code(code) => Some(code),
        Exit::Killed { .. } => None,
    }
}

/// Milliseconds since 1970-01-01 UTC. A label that no clock gives is as near as it can be.
fn milliseconds(stamp: Stamp) -> i64 {
    let (seconds, nanoseconds) = stamp.to_unix();
    seconds.saturating_mul(1_000).saturating_add(i64::from(nanoseconds / 1_000_000))
}

// Writing to a String cannot fail.
impl Object {
    /// A number or a truth value.
    fn plain(&mut self, key: &str, value: Option<impl std::fmt::Display>) {
        self.key(key);
        let _ = match value {
            Some(value) => write!(self.0, "{value}"),
            None => write!(self.0, "null"),
        };
    }

    fn text(&mut self, key: &str, value: Option<impl AsRef<OsStr>>) {
        self.key(key);
        match value {
            Some(value) => quote(&mut self.0, value.as_ref().as_bytes()),
            None => self.0.push_str("null"),
        }
    }

    fn key(&mut self, key: &str) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        let _ = write!(self.0, "\"{key}\":");
    }
}

/// A JSON string (RFC 8259, section 7). JSON has no place for bytes that are not UTF-8: U+FFFD stands for them.
fn quote(text: &mut String, bytes: &[u8]) {
    text.push('"');
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::view::tests::{UP, view};

    fn quoted(bytes: &[u8]) -> String {
        let mut text = String::new();
        quote(&mut text, bytes);
        text
    }

    #[test]
    fn every_byte_has_a_place_in_a_string() {
        assert_eq!(quoted(b"web"), r#""web""#);
        assert_eq!(quoted(b"a\"b\\c\nd\x00\x7f"), r#""a\"b\\c\u000ad\u0000\u007f""#);
        assert_eq!(quoted("gr\u{fc}n".as_bytes()), "\"gr\u{fc}n\"");
        assert_eq!(quoted(b"\xff\xc3"), "\"\u{fffd}\u{fffd}\"");
    }

    #[test]
    fn document_is_as_documented() {
        let (now, name) = (Stamp::from_unix(1_000, 5_000_000), "{\"name\":\"web\",");
        let text = document(&[view(UP)], now);
        assert!(text.starts_with("{\"version\":1,\"now\":1000005,\"services\":[\n"), "{text}");
        assert_eq!(
            text.lines().nth(1).unwrap(),
            format!(
                "{name}\"directory\":\"/service/web\",\"state\":\"up\",\"supervised\":true,\"pid\":7,\"up\":true,\
                 \"ready\":false,\"paused\":false,\"wanted\":\"up\",\"since\":990000,\"ready_since\":980000,\
                 \"exit_code\":null,\"exit_signal\":null,\"core\":null,\"killed_late\":false,\"restarts\":0,\
                 \"failed\":null,\"start_at\":null,\"problem\":null,\"as_wanted\":true,\
                 \"normally_up\":true,\"tells_ready\":false,\"logger\":false}}"
            )
        );
        assert_eq!(document(&[], now), "{\"version\":1,\"now\":1000005,\"services\":[\n]}\n");
    }

    #[test]
    fn nothing_is_claimed_of_a_service_that_nobody_supervises() {
        let mut gone = view(UP);
        gone.is_supervised = Some(false);
        let text = service(&gone);
        assert!(
            text.contains("\"state\":\"not supervised\",\"supervised\":false,\"pid\":null,\"up\":null"),
            "{text}"
        );
    }
}
