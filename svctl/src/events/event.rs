//! Something that has happened to a service.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use servicedir::record;
use status::{Notice, Record};
use unix::{Exit, Pid, Stamp};

use super::Form;
use crate::moment;
use crate::object::Object;

/// Of the keys of the JSON form and their meanings.
const VERSION: u32 = 1;

/// Something that has happened.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) at: Stamp,
    pub(crate) name: OsString,
    pub(crate) dir: PathBuf,
    pub(crate) notice: Notice,
    /// Of `run`, for `Up` and `Ready`.
    pub(crate) pid: Option<Pid>,
    /// How `run` ended, for `Dead`.
    pub(crate) exit: Option<Exit>,
    /// Why, for `Failed`.
    pub(crate) reason: Option<&'static str>,
}

impl Event {
    /// A notice that came at this moment, with what the files say to it.
    pub(crate) fn heard(notice: Notice, at: Stamp, name: OsString, dir: &Path) -> Event {
        let record = record::read(dir).ok().flatten();
        let mut event = Event { at, name, dir: dir.to_owned(), notice, pid: None, exit: None, reason: None };
        match notice {
            Notice::Up | Notice::Ready => {
                event.pid = record.filter(Record::is_up).and_then(|record| record.pid)
            }
            Notice::Dead => event.exit = record.map(|record| record.last_exit),
            Notice::Failed => {
                let detail = record::read_detail(dir).unwrap_or_default();
                event.reason = detail.failed.map(|reason| reason.word());
            }
            Notice::Started | Notice::Down | Notice::Exiting => {}
        }
        event
    }

    /// As a line.
    pub(crate) fn line(&self, form: Form) -> String {
        match form {
            Form::Text => self.text(),
            Form::Json => self.json(),
        }
    }

    fn text(&self) -> String {
        let name = self.name.to_string_lossy().replace(char::is_control, "?");
        let mut text = format!("{} {name}: {}", moment::shown(self.at), word(self.notice));
        if let Some(pid) = self.pid {
            text.push_str(&format!(", pid {pid}"));
        }
        if let Some(exit) = self.exit {
            text.push_str(&format!(", {exit}"));
        }
        if let Some(reason) = self.reason {
            text.push_str(&format!(", {reason}"));
        }
        text.push('\n');
        text
    }

    fn json(&self) -> String {
        let (seconds, nanoseconds) = self.at.to_unix();
        let mut object = Object::default();
        object.plain("version", Some(VERSION));
        object.plain(
            "time",
            Some(seconds.saturating_mul(1_000).saturating_add((nanoseconds / 1_000_000).into())),
        );
        object.text("name", Some(&self.name));
        object.text("directory", Some(&self.dir));
        object.text("notice", Some(char::from(self.notice.letter()).to_string()));
        object.text("event", Some(word(self.notice)));
        object.plain("pid", self.pid);
        object.plain("exit_code", self.exit.filter(|exit| exit.signal().is_none()).map(Exit::code));
        object.text("exit_signal", self.exit.and_then(Exit::signal).map(|signal| signal.to_string()));
        object.text("failed", self.reason);
        object.finish() + "\n"
    }
}

/// What people call it.
fn word(notice: Notice) -> &'static str {
    match notice {
        Notice::Started => "supervisor started",
        Notice::Up => "up",
        Notice::Ready => "ready",
        Notice::Dead => "dead",
        Notice::Down => "down",
        Notice::Failed => "failed",
        Notice::Exiting => "supervisor exits",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_is_a_line_in_either_form() {
        let event = Event {
            at: Stamp::from_unix(1_000, 5_000_000),
            name: "web".into(),
            dir: "/service/web".into(),
            notice: Notice::Dead,
            pid: None,
            exit: Some(Exit::Code(3)),
            reason: None,
        };
        assert!(event.line(Form::Text).ends_with(".005 web: dead, exit 3\n"));
        assert_eq!(
            event.line(Form::Json),
            "{\"version\":1,\"time\":1000005,\"name\":\"web\",\"directory\":\"/service/web\",\"notice\":\"d\",\
             \"event\":\"dead\",\"pid\":null,\"exit_code\":3,\"exit_signal\":null,\"failed\":null}\n"
        );
    }
}
