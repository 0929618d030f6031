//! The settings: variables of the environment, `S6_…` as s6-overlay calls them, or `SV_…`.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::time::Duration;

/// What is done when something fails before the command starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failing {
    /// 0: it goes on.
    #[default]
    GoesOn,
    /// 1: it goes on, with a warning.
    Warns,
    /// 2: the container stops.
    Stops,
}

/// Where output goes that no logger takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Logging {
    /// 0: to the container's output.
    #[default]
    Output,
    /// 1: to the catch-all logger, except for the command's.
    Services,
    /// 2: to the catch-all logger, all of it.
    Everything,
}

/// How a container is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `KEEP_ENV`: helpers leave the environment alone.
    pub keep_env: bool,
    /// `LOGGING`
    pub logging: Logging,
    /// `LOGGING_SCRIPT`: what loggers do with lines.
    pub logging_script: Vec<u8>,
    /// `CATCHALL_USER`: who the catch-all logger runs as.
    pub catchall_user: Option<Vec<u8>>,
    /// `BEHAVIOUR_IF_STAGE2_FAILS`
    pub failing: Failing,
    /// `KILL_FINISH_MAXTIME`: how long a finish script may take; 0: as long as it likes.
    pub finish_most: Duration,
    /// `SERVICES_GRACETIME`: how long the command, and then the services, may take to end.
    pub services_grace: Duration,
    /// `KILL_GRACETIME`: how long what is left may take to end.
    pub kill_grace: Duration,
    /// `CMD_ARG0`: words before the command.
    pub command_prefix: Vec<Vec<u8>>,
    /// `CMD_WAIT_FOR_SERVICES`: the command starts when the services are up, or ready if they can say so.
    pub waits_for_services: bool,
    /// `CMD_WAIT_FOR_SERVICES_MAXTIME`; `None`: for ever.
    pub wait_most: Option<Duration>,
    /// `CMD_USE_TERMINAL`: the command writes to the terminal, whatever is logged.
    pub uses_terminal: bool,
    /// `CMD_RECEIVE_SIGNALS`: signals are the command's and stop nothing.
    pub command_gets_signals: bool,
    /// `READ_ONLY_ROOT`
    pub read_only_root: bool,
    /// `SYNC_DISKS`: at the end everything is brought to disk.
    pub syncs: bool,
    /// `FIX_ATTRS_HIDDEN`: attributes are also those of names with a leading dot.
    pub fixes_hidden: bool,
    /// `RUNTIME_PROFILE`: everything is below `/etc/cont-profile.d/NAME`.
    pub profile: Option<Vec<u8>>,
    /// `STAGE2_HOOK`: a command line, run before everything else.
    pub hook: Option<Vec<u8>>,
    /// `VERBOSITY`: 0: failures; 1: warnings; 2: each step; more: more.
    pub verbosity: u32,
    /// `WAIT_FOR_CLOSING_FD`: nothing begins before this descriptor is at its end.
    pub start_when_closed: Option<u32>,
    /// `STATE_DIR`: where everything is that changes; `None`: wherever there is room.
    pub state_dir: Option<Vec<u8>>,
    /// What is left at the end is left alone; no variable says so.
    pub leaves_strays: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            keep_env: false,
            logging: Logging::default(),
            logging_script: b"n20 s1000000 T".to_vec(),
            catchall_user: None,
            failing: Failing::default(),
            finish_most: Duration::from_secs(5),
            services_grace: Duration::from_secs(3),
            kill_grace: Duration::from_secs(3),
            command_prefix: Vec::new(),
            waits_for_services: false,
            wait_most: None,
            uses_terminal: false,
            command_gets_signals: false,
            read_only_root: false,
            syncs: false,
            fixes_hidden: false,
            profile: None,
            hook: None,
            verbosity: 1,
            start_when_closed: None,
            state_dir: None,
            leaves_strays: false,
        }
    }
}

/// A variable that says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// No variable has this name.
    Unknown(Vec<u8>),
    /// Its value is not what it must be, which is this.
    Bad {
        /// The variable.
        name: Vec<u8>,
        /// What it should be.
        wanted: &'static str,
    },
}

/// What a value must be, and where it goes.
enum Kind {
    Flag(fn(&mut Settings, bool)),
    Ms(fn(&mut Settings, Duration)),
    Text(fn(&mut Settings, Vec<u8>)),
    /// A number up to this.
    Choice(u32, fn(&mut Settings, u32)),
    /// It is known, and nothing here depends on it.
    Idle,
}

const KNOWN: &[(&str, Kind)] = &[
    ("KEEP_ENV", Kind::Flag(|s, on| s.keep_env = on)),
    (
        "LOGGING",
        Kind::Choice(2, |s, n| {
            s.logging = [Logging::Output, Logging::Services, Logging::Everything][n as usize]
        }),
    ),
    ("LOGGING_SCRIPT", Kind::Text(|s, text| s.logging_script = text)),
    ("CATCHALL_USER", Kind::Text(|s, text| s.catchall_user = Some(text).filter(|text| !text.is_empty()))),
    (
        "BEHAVIOUR_IF_STAGE2_FAILS",
        Kind::Choice(2, |s, n| s.failing = [Failing::GoesOn, Failing::Warns, Failing::Stops][n as usize]),
    ),
    ("KILL_FINISH_MAXTIME", Kind::Ms(|s, time| s.finish_most = time)),
    ("SERVICES_GRACETIME", Kind::Ms(|s, time| s.services_grace = time)),
    ("KILL_GRACETIME", Kind::Ms(|s, time| s.kill_grace = time)),
    ("CMD_ARG0", Kind::Text(|s, text| s.command_prefix = words(&text))),
    ("CMD_WAIT_FOR_SERVICES", Kind::Flag(|s, on| s.waits_for_services = on)),
    (
        "CMD_WAIT_FOR_SERVICES_MAXTIME",
        Kind::Ms(|s, time| s.wait_most = Some(time).filter(|time| !time.is_zero())),
    ),
    ("CMD_USE_TERMINAL", Kind::Flag(|s, on| s.uses_terminal = on)),
    ("CMD_RECEIVE_SIGNALS", Kind::Flag(|s, on| s.command_gets_signals = on)),
    ("READ_ONLY_ROOT", Kind::Flag(|s, on| s.read_only_root = on)),
    ("SYNC_DISKS", Kind::Flag(|s, on| s.syncs = on)),
    ("FIX_ATTRS_HIDDEN", Kind::Flag(|s, on| s.fixes_hidden = on)),
    ("RUNTIME_PROFILE", Kind::Text(|s, text| s.profile = Some(text).filter(|text| !text.is_empty()))),
    ("STAGE2_HOOK", Kind::Text(|s, text| s.hook = Some(text).filter(|text| !text.is_empty()))),
    ("VERBOSITY", Kind::Choice(u32::MAX, |s, n| s.verbosity = n)),
    ("WAIT_FOR_CLOSING_FD", Kind::Choice(u32::MAX, |s, n| s.start_when_closed = Some(n).filter(|n| *n > 2))),
    ("STATE_DIR", Kind::Text(|s, text| s.state_dir = Some(text).filter(|text| !text.is_empty()))),
    // Services are waited for by their notices, not by a pause.
    ("SERVICES_READYTIME", Kind::Idle),
    // There are no bundles here.
    ("RUNTIME_BUNDLEDIR", Kind::Idle),
    ("OVERLAY_VERSION", Kind::Idle),
    ("VERSION", Kind::Idle),
    ("YES_I_WANT_A_WORLD_WRITABLE_RUN_BECAUSE_KUBERNETES", Kind::Idle),
];

impl Settings {
    /// The settings that an environment makes, and what is wrong with it. Of `S6_X` and `SV_X`, `SV_X` counts.
    pub fn read<'a>(variables: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> (Settings, Vec<Complaint>) {
        let (mut settings, mut complaints) = (Settings::default(), Vec::new());
        let is_ours = |name: &[u8]| name.starts_with(b"S6_") || name.starts_with(b"SV_");
        let ours: BinaryHeap<_> = variables.filter(|(name, _)| is_ours(name)).collect();
        // "SV_" sorts behind "S6_".
        for (name, value) in ours.into_sorted_vec() {
            complaints.extend(settings.set(name, value));
        }
        (settings, complaints)
    }

    fn set(&mut self, name: &[u8], value: &[u8]) -> Option<Complaint> {
        let Some((_, kind)) = KNOWN.iter().find(|(known, _)| known.as_bytes() == &name[3..]) else {
            return Some(Complaint::Unknown(name.to_vec()));
        };
        let number = || core::str::from_utf8(value).ok()?.trim().parse::<u32>().ok();
        let wanted = match kind {
            Kind::Idle => return None,
            Kind::Text(put) => {
                put(self, value.to_vec());
                return None;
            }
            // s6-overlay takes an empty value for none.
            _ if value.is_empty() => return None,
            Kind::Flag(put) => match number() {
                Some(number) => {
                    put(self, number > 0);
                    return None;
                }
                None => "0 or 1",
            },
            Kind::Ms(put) => match number() {
                Some(ms) => {
                    put(self, Duration::from_millis(ms.into()));
                    return None;
                }
                None => "a number of milliseconds",
            },
            Kind::Choice(most, put) => match number().filter(|number| number <= most) {
                Some(number) => {
                    put(self, number);
                    return None;
                }
                None if *most == u32::MAX => "a number",
                None => "0, 1 or 2",
            },
        };
        Some(Complaint::Bad { name: name.to_vec(), wanted })
    }

    /// The names of all variables, without their prefix.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|(name, _)| *name)
    }
}

fn words(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Settings, Vec<Complaint>) {
        Settings::read(variables.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
    }

    #[test]
    fn both_spellings_are_taken_and_ours_counts() {
        let (settings, complaints) =
            read(&[("SV_LOGGING", "1"), ("S6_LOGGING", "2"), ("S6_KILL_GRACETIME", "70"), ("PATH", "/bin")]);
        assert_eq!(settings.logging, Logging::Services);
        assert_eq!(settings.kill_grace, Duration::from_millis(70));
        assert_eq!(complaints, []);
    }

    #[test]
    fn what_is_wrong_is_named_and_changes_nothing() {
        let (settings, complaints) =
            read(&[("S6_LOGING", "1"), ("S6_LOGGING", "3"), ("SV_KILL_GRACETIME", "1s")]);
        assert_eq!(settings, Settings::default());
        let bad = |name: &str, wanted| Complaint::Bad { name: name.into(), wanted };
        assert_eq!(
            complaints,
            [
                bad("S6_LOGGING", "0, 1 or 2"),
                Complaint::Unknown("S6_LOGING".into()),
                bad("SV_KILL_GRACETIME", "a number of milliseconds")
            ]
        );
    }

    #[test]
    fn words_before_the_command_are_split_at_blanks() {
        let (settings, _) = read(&[("S6_CMD_ARG0", "  /entry point  -x ")]);
        assert_eq!(settings.command_prefix, [&b"/entry"[..], b"point", b"-x"]);
    }

    #[test]
    fn every_variable_is_read_without_a_complaint() {
        for name in Settings::names() {
            let variable = alloc::format!("S6_{name}");
            assert_eq!(read(&[(&variable, "1")]).1, [], "{name}");
        }
    }
}
