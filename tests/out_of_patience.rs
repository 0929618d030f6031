//! Listeners who do not listen: many, dead, or full.

#![forbid(unsafe_code)]

mod kit;

use std::path::Path;
use std::time::{Duration, Instant};

use kit::{Supervisor, wait_until};

const MANY: u32 = 10_000;

/// Listeners of whom nothing but the FIFO is left.
fn bury(event: &Path) {
    for i in 0..MANY {
        sys::fifo::make(&event.join(format!("ftrig1:@{i:024x}:{i:06}")), 0o622).unwrap();
    }
}

fn left(event: &Path) -> usize {
    std::fs::read_dir(event).unwrap().count()
}

#[test]
fn ten_thousand_dead_listeners_are_cleared_away_by_one_notice() {
    let (supervisor, notices) = Supervisor::start_and_listen(|web| {
        web.run("echo $$ >>started; exec sleep 100000");
    });
    supervisor.wait_lines("started", 1);
    notices.expect("su");
    bury(&supervisor.path("event"));
    let begin = Instant::now();
    supervisor.command("d");
    notices.expect("dD");
    wait_until("an empty directory", || left(&supervisor.path("event")) == 1);
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn ten_thousand_dead_listeners_do_not_keep_a_supervisor_from_starting() {
    let supervisor = Supervisor::start(|web| {
        std::fs::create_dir(web.sleeps().path("event")).unwrap();
        bury(&web.path("event"));
    });
    supervisor.wait_up();
    wait_until("an empty directory", || left(&supervisor.path("event")) == 0);
}

#[test]
fn listener_who_does_not_read_ten_thousand_notices_loses_the_last_and_keeps_nobody() {
    let (supervisor, deaf) = Supervisor::start_and_listen(|web| {
        web.sleeps();
    });
    supervisor.wait_up();
    // As full as ten thousand notices and more can make it.
    let fifo = std::fs::read_dir(supervisor.path("event")).unwrap().next().unwrap().unwrap().path();
    while sys::fifo::send(&fifo, &[b'u'; 512]).is_ok() {}
    while sys::fifo::send(&fifo, b"u").is_ok() {}
    let hears = supervisor.listen();
    for _ in 0..10 {
        supervisor.command("d");
        hears.expect("dD");
        supervisor.command("u");
        hears.expect("u");
    }
    assert!(fifo.exists(), "who is slow may still read");
    let heard = deaf.heard();
    assert!(heard.len() >= 10_000 && !heard.contains('D'), "{}", heard.len());
    supervisor.command("d");
    deaf.until('d');
}
