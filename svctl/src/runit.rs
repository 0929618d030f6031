//! `sv` and `runsvchdir`: the same work in the words of runit.
//!
//! Source: the manual pages of runit 2.1.2, and what its tools print.

mod chdir;
mod check;
mod order;
mod show;
mod task;
mod verb;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use cli::answer;
use sys::{clock, poll, process};

pub(crate) use chdir::main as runsvchdir;
use order::{Order, Style};
use task::Task;

/// From one look to the next where no notice tells.
const INTERVAL: Duration = Duration::from_millis(100);

/// The most failures that an exit code counts.
const MOST: usize = 99;

/// `sv`. Called by another name, the script that controls the service of that name.
pub fn sv(args: Vec<OsString>) -> ExitCode {
    let order = match order::parse(args) {
        Ok(order) => order,
        Err(code) => return code,
    };
    process::raise_descriptor_limit();
    let mut tasks = Vec::new();
    for name in &order.services {
        tasks.push(Task::new(name));
    }
    if order.verb.is_status() {
        return status(&order, tasks);
    }
    for task in &mut tasks {
        task.begin(order.verb, order.patience.is_some());
    }
    if let Some(patience) = order.patience {
        wait(&order, &mut tasks, clock::monotonic() + patience);
    }
    let failures = tasks.iter().filter(|task| task.has_failed()).count();
    match order.style {
        Style::Tool => ExitCode::from(failures.min(MOST) as u8),
        Style::Script => ExitCode::from(u8::from(failures > 0)),
    }
}

/// A line for each. A script tells by its exit code that the service is down (3), or not known (4).
fn status(order: &Order, tasks: Vec<Task>) -> ExitCode {
    let mut failures = 0;
    let mut code = 0;
    for mut task in tasks {
        let text = task.status_with_log();
        if answer(text.as_bytes()).is_err() {
            return ExitCode::from(order.style.trouble());
        }
        failures += usize::from(task.has_failed());
        code = task.script_code();
    }
    match order.style {
        Style::Tool => ExitCode::from(failures.min(MOST) as u8),
        Style::Script => ExitCode::from(code),
    }
}

/// Waits until each service is where it should be, and says so; at the deadline says what is left.
fn wait(order: &Order, tasks: &mut [Task], deadline: Duration) {
    loop {
        for task in tasks.iter_mut().filter(|task| task.is_waiting()) {
            task.look(order.verb, deadline);
        }
        let waiting: Vec<&Task> = tasks.iter().filter(|task| task.is_waiting()).collect();
        if waiting.is_empty() {
            return;
        }
        let now = clock::monotonic();
        if now >= deadline {
            break;
        }
        let until =
            if waiting.iter().all(|task| task.is_told(order.verb)) { deadline } else { now + INTERVAL };
        let notices: Vec<_> = waiting.iter().filter_map(|task| task.notices()).collect();
        if poll::wait_many(&notices, Some(until.min(deadline))).is_err() {
            break;
        }
    }
    for task in tasks.iter_mut().filter(|task| task.is_waiting()) {
        task.give_up(order.verb);
    }
}

/// Whether `program`, the name that a program was called by, is a link to a link called `sv`.
pub fn is_script(program: &Path) -> bool {
    /// As many links as the kernel follows.
    const MOST_LINKS: usize = 40;
    let mut path = program.to_path_buf();
    for _ in 0..MOST_LINKS {
        match sys::file::link_target(&path) {
            Ok(Some(target)) => path = path.parent().unwrap_or(Path::new("")).join(target),
            _ => return false,
        }
        if path.file_name().is_some_and(|name| name == "sv") {
            return true;
        }
    }
    false
}
