//! The settings that an event needs, read afresh from the files of the service directory.

use std::time::Duration;

use control::Command;
use lifecycle::{Essential, Event, KillMode, Phase, RestartDelay, RestartLimit, Service, Settings};
use servicedir::{Problem, forms, names, read_given, read_number, read_word};
use sys::file;
use unix::Signal;

/// From the down-signal to SIGKILL, where `timeout-kill` is there and cannot be read.
const UNREADABLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads what `event` needs where the service is now; the rest has its default.
pub(crate) fn read_for(event: &Event, service: &Service) -> Settings {
    let mut settings = Settings::default();
    match event {
        Event::Command(Command::Down | Command::Disable) | Event::Terminate | Event::TakenOver => {
            read_end(&mut settings);
        }
        Event::Command(Command::Restart) => {
            settings.down_signal = read_signal(names::DOWN_SIGNAL, settings.down_signal);
        }
        Event::Command(Command::Reload) => {
            settings.reload_signal = read_signal(names::RELOAD_SIGNAL, settings.reload_signal);
        }
        Event::Timeout => settings.kill_group = is_there(names::FLAG_TIMEOUT_KILLPG),
        Event::RunSpawned(Err(_)) => read_restart(&mut settings),
        // Of other children, of which there may be many, nothing is to be read.
        Event::Exited(pid, _) => {
            if let Phase::Up(up) = service.phase()
                && up.pid == *pid
            {
                read_restart(&mut settings);
                if up.kill_mode != KillMode::Process {
                    read_end(&mut settings);
                }
            }
        }
        Event::ScriptSpawned(Some(_)) => {
            settings.timeout_crash = read_timeout(names::TIMEOUT_CRASH, settings.timeout_crash);
            settings.timeout_finish = read_timeout(names::TIMEOUT_FINISH, settings.timeout_finish);
        }
        Event::Command(_)
        | Event::RunSpawned(Ok(_))
        | Event::ScriptSpawned(None)
        | Event::ScriptPostponed
        | Event::CheckSpawned(_)
        | Event::Swept(_)
        | Event::Ready
        | Event::RunChanged
        | Event::Hangup
        | Event::Quit
        | Event::Interrupt => {}
    }
    settings
}

/// How the service is asked to end, and when it is killed.
fn read_end(settings: &mut Settings) {
    settings.down_signal = read_signal(names::DOWN_SIGNAL, settings.down_signal);
    settings.timeout_kill = match read_number(names::TIMEOUT_KILL, "a number of milliseconds", 0..=u32::MAX) {
        // It is there, and nobody can tell what it says: without it what is deaf would never end.
        Err(problem) if problem.is_unreadable() && is_there(names::TIMEOUT_KILL) => {
            cli::warn(format_args!("{problem}; using 5000"));
            Some(UNREADABLE_TIMEOUT)
        }
        _ => read_timeout(names::TIMEOUT_KILL, None),
    };
}

fn read_restart(settings: &mut Settings) {
    settings.restart_delay = or_default(read_restart_delay(), "1000").unwrap_or_default();
    settings.restart_limit = or_default(read_restart_limit(), "no limit").flatten();
    settings.essential = or_default(read_essential(), "not essential").flatten();
}

/// A flag: whatever is there, it is set.
pub(crate) fn is_there(name: &'static str) -> bool {
    file::exists(std::path::Path::new(name)).unwrap_or_else(|error| {
        cli::warn(format_args!("unable to look for {name}: {}; it counts as absent", cli::reason(&error)));
        false
    })
}

/// A number of milliseconds, or `default` where there is none; 0 means never.
pub(crate) fn read_timeout(name: &'static str, default: Option<Duration>) -> Option<Duration> {
    let default_text = default.map_or("never".into(), |default| (default.as_millis() as u64).to_string());
    match or_default(read_number(name, "a number of milliseconds", 0..=u32::MAX), &default_text).flatten() {
        None => default,
        Some(0) => None,
        Some(number) => Some(Duration::from_millis(number.into())),
    }
}

fn read_signal(name: &'static str, default: Signal) -> Signal {
    let default_text = default.to_string();
    or_default(read_word(name, "a signal", Signal::parse), &default_text).flatten().unwrap_or(default)
}

fn read_restart_delay() -> Result<RestartDelay, Problem> {
    let Some(given) = read_given(names::RESTART_DELAY)? else { return Ok(RestartDelay::default()) };
    let (min, max) = forms::restart_delay(&given)?;
    Ok(RestartDelay { min: Duration::from_millis(min.into()), max: Duration::from_millis(max.into()) })
}

fn read_restart_limit() -> Result<Option<RestartLimit>, Problem> {
    let Some(given) = read_given(names::MAX_RESTARTS)? else { return Ok(None) };
    let (count, within) = forms::restart_limit(&given)?;
    Ok(Some(RestartLimit { count, within: Duration::from_secs(within.into()) }))
}

fn read_essential() -> Result<Option<Essential>, Problem> {
    let Some(given) = read_given(names::ESSENTIAL)? else { return Ok(None) };
    let always = forms::is_always_essential(&given)?;
    Ok(Some(if always { Essential::Always } else { Essential::OnFailure }))
}

/// Reports a setting that is wrong, and what is used instead.
pub(crate) fn or_default<T>(read: Result<T, Problem>, instead: &str) -> Option<T> {
    read.map_err(|problem| cli::warn(format_args!("{problem}; using {instead}"))).ok()
}
