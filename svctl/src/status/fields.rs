//! `-o FIELD,…`: values for programs, a line a service, with a blank between them.
//!
//! Source of the names and values of the first part: s6 2.15.1.0, `doc/s6-svstat.html`. The others are ours.
//! What is not known of a service that nobody supervises is `NA`.

use std::fmt::Write;

use cli::Failure;
use status::Record;
use unix::{Exit, Stamp};

use super::view::{View, seconds};
use crate::display::shown;

/// A field that can be asked for.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    name: &'static str,
    value: Value,
}

/// Where a value comes from.
#[derive(Clone, Copy)]
enum Value {
    /// The record and the time; only while somebody supervises the service.
    Record(fn(&Record, Stamp) -> String),
    /// The view; known always.
    View(fn(&View) -> String),
}

use Value::{Record as R, View as V};

const TABLE: [(&str, Value); 27] = [
    ("up", R(|r, _| r.is_up().to_string())),
    ("wantedup", R(|r, _| r.wanted_up.to_string())),
    ("normallyup", V(|v| v.normally_up.to_string())),
    ("ready", R(|r, _| r.ready.to_string())),
    ("paused", R(|r, _| (r.paused && r.pid.is_some()).to_string())),
    ("pid", R(|r, _| r.pid.map_or("-1".into(), |pid| pid.to_string()))),
    ("pgid", R(|r, _| r.pid.map_or("-1".into(), |pid| pid.to_string()))),
    ("exitcode", R(|r, _| exit_code(r))),
    ("signal", R(|r, _| signal(r).map_or("NA".into(), |signal| signal.to_string()))),
    ("signum", R(|r, _| signal(r).map_or("-1".into(), |signal| signal.number().to_string()))),
    ("updownsince", R(|r, _| format!("@{}", r.since))),
    ("readysince", R(|r, _| format!("@{}", r.ready_since))),
    ("updownfor", R(|r, now| seconds(r.since, now).to_string())),
    ("readyfor", R(|r, now| seconds(r.ready_since, now).to_string())),
    ("name", V(|v| word(&shown(&v.name)))),
    ("directory", V(|v| word(&shown(&v.dir)))),
    ("state", V(|v| v.state().replace(' ', "-"))),
    ("supervised", V(|v| v.is_supervised.map_or("NA".into(), |yes| yes.to_string()))),
    ("aswanted", V(|v| v.is_as_wanted().to_string())),
    ("wanted", R(|r, _| if r.wanted_up { "up".into() } else { "down".into() })),
    ("finishing", R(|r, _| r.finishing.to_string())),
    ("restarts", V(|v| v.live().map_or("NA".into(), |_| v.detail.restarts.to_string()))),
    ("failed", V(|v| v.live().and(v.detail.failed).map_or("NA".into(), |reason| reason.word().into()))),
    ("core", V(|v| matches!(v.last_exit(), Some(Exit::Killed { core: true, .. })).to_string())),
    ("killedlate", V(|v| v.detail.killed_late.to_string())),
    ("startat", V(|v| v.live().and(v.detail.start_at).map_or("NA".into(), |stamp| format!("@{stamp}")))),
    ("logger", V(|v| v.is_logger().to_string())),
];

/// The fields that a list names.
pub(crate) fn parse(list: &str) -> Result<Vec<Field>, Failure> {
    let mut fields = Vec::new();
    for word in list.split(',') {
        fields.push(find(word)?);
    }
    Ok(fields)
}

fn find(word: &str) -> Result<Field, Failure> {
    let known = TABLE.iter().find(|(name, _)| *name == word);
    known.map(|&(name, value)| Field { name, value }).ok_or_else(|| {
        let names: Vec<_> = TABLE.iter().map(|&(name, _)| name).collect();
        Failure::Usage(format!("no such field: {word}; there are {}", names.join(" ")).into())
    })
}

/// A line for each service.
pub(crate) fn lines(views: &[View], fields: &[Field], now: Stamp) -> String {
    let mut text = String::new();
    for view in views {
        for (i, field) in fields.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{}{}", if i > 0 { " " } else { "" }, value(view, field.value, now));
        }
        text.push('\n');
    }
    text
}

fn value(view: &View, value: Value, now: Stamp) -> String {
    match (value, view.live()) {
        (R(value), Some(record)) => value(record, now),
        (R(_), None) => "NA".into(),
        (V(value), _) => value(view),
    }
}

/// A blank in a name would look like the end of the value.
fn word(text: &str) -> String {
    text.replace(' ', "\\x20")
}

fn exit_code(record: &Record) -> String {
    match record.last_exit {
        Exit::Code(code) if !record.is_up() => code.to_string(),
        _ => "-1".into(),
    }
}

fn signal(record: &Record) -> Option<unix::Signal> {
    record.last_exit.signal().filter(|_| !record.is_up())
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::view::tests::{DOWN, UP, view};

    fn shown(view: View, list: &str) -> String {
        lines(&[view], &parse(list).unwrap(), Stamp::from_unix(1_000, 0))
    }

    #[test]
    fn values_are_those_of_s6() {
        let all = "up,wantedup,normallyup,ready,paused,pid,exitcode,signal,signum,updownfor,readyfor";
        assert_eq!(shown(view(UP), all), "true true true false false 7 -1 NA -1 10 20\n");
        assert_eq!(shown(view(DOWN), all), "false false true false false -1 0 NA -1 10 20\n");
        let mut killed = view(DOWN);
        killed.record.as_mut().unwrap().last_exit = Exit::from_wait(15);
        assert_eq!(shown(killed, "exitcode,signal,signum"), "-1 SIGTERM 15\n");
        assert_eq!(shown(view(UP), "updownsince"), "@400000000000040300000000\n");
    }

    #[test]
    fn values_never_have_a_blank() {
        let mut odd = view(UP);
        odd.name = "my web\n".into();
        odd.is_supervised = Some(false);
        assert_eq!(shown(odd, "name,state,pid,restarts"), "my\\x20web\\x0a not-supervised NA NA\n");
    }

    #[test]
    fn unknown_field_is_refused() {
        for list in ["", "up,", "nothing", "up ready"] {
            assert_eq!(parse(list).unwrap_err().code(), 100, "{list}");
        }
    }
}
