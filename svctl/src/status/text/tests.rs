//! What people read of each state.

use super::*;
use crate::status::view::tests::{DOWN, UP, view};
use status::{Detail, Reason};
use unix::{Exit, Signal};

fn shown(view: View) -> String {
    line(&view, Stamp::from_unix(1_000, 0))
}

#[test]
fn each_state_has_its_line() {
    assert_eq!(shown(view(UP)), "web: up, pid 7, 10 s\n");
    assert_eq!(shown(view(DOWN)), "web: down, 10 s, last exit 0\n");

    let mut ready = view(UP);
    ready.record.as_mut().unwrap().ready = true;
    ready.detail.restarts = 2;
    assert_eq!(shown(ready), "web: ready, pid 7, 10 s, last exit 0, 2 restarts\n");

    let mut stopping = view(UP);
    stopping.record.as_mut().unwrap().wanted_up = false;
    assert_eq!(shown(stopping), "web: up, pid 7, 10 s, wanted down\n");

    let mut finishing = view(UP);
    finishing.record.as_mut().unwrap().finishing = true;
    finishing.record.as_mut().unwrap().last_exit = Exit::Killed { signal: Signal::KILL, core: false };
    finishing.detail.killed_late = true;
    assert_eq!(shown(finishing), "web: finishing, pid 7, 10 s, wanted up, last SIGKILL after timeout-kill\n");
}

#[test]
fn service_that_does_not_run_says_why() {
    let mut failed = view(DOWN);
    failed.detail = Detail { failed: Some(Reason::Finish), restarts: 1, ..Detail::default() };
    assert_eq!(shown(failed), "web: failed (finish), 10 s, last exit 0, 1 restart\n");

    let mut backoff = view(DOWN);
    backoff.record.as_mut().unwrap().wanted_up = true;
    backoff.detail.start_at = Some(Stamp::from_unix(1_008, 0));
    assert_eq!(shown(backoff), "web: backoff, 10 s, starts in 8 s, last exit 0\n");

    let mut unsupervised = view(UP);
    unsupervised.is_supervised = Some(false);
    assert_eq!(shown(unsupervised), "web: not supervised\n");

    let mut fresh = view(DOWN);
    fresh.record.as_mut().unwrap().paused = true;
    assert_eq!(shown(fresh), "web: down, 10 s\n");
}

#[test]
fn name_cannot_make_a_second_line() {
    let mut odd = view(UP);
    odd.name = "we\nb\x1b[2J".into();
    assert_eq!(shown(odd), "we?b?[2J: up, pid 7, 10 s\n");
}
