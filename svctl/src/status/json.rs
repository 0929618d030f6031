//! For programs: one JSON object, a line for each service in it. `svctl(8)` documents it.
//!
//! Keys are added without notice; one that changes its meaning or goes raises `version`. A value that is
//! not known, or does not apply, is `null`: every key is always there.

use unix::{Exit, Stamp};

use super::view::View;
use crate::object::Object;

/// Of the keys and their meanings.
const VERSION: u32 = 1;

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
    let mut object = Object::default();
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
    object.finish()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::view::tests::{UP, view};

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
