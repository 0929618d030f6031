//! The names.
//!
//! Source: s6 2.15.1.0, `doc/servicedir.html`; those marked ours are not in s6.

/// The service.
pub const RUN: &str = "run";
/// Runs after every death of `run`.
pub const FINISH: &str = "finish";
/// Ours. Runs before `finish` when the death was a crash.
pub const CRASH: &str = "crash";
/// Ours. Tells by its exit code whether the service is ready.
pub const CHECK: &str = "check";
/// The logger, a service directory itself.
pub const LOG: &str = "log";
/// Do not start without a command.
pub const DOWN: &str = "down";

/// The descriptor on which the service says that it is ready.
pub const NOTIFICATION_FD: &str = "notification-fd";
/// The descriptor that holds `SERVICE_LOCK` locked in the service.
pub const LOCK_FD: &str = "lock-fd";
/// The signal of the commands `d` and `r`.
pub const DOWN_SIGNAL: &str = "down-signal";
/// The signal of the command `l`.
pub const RELOAD_SIGNAL: &str = "reload-signal";
/// From the down-signal to SIGKILL.
pub const TIMEOUT_KILL: &str = "timeout-kill";
/// That SIGKILL goes to the process group.
pub const FLAG_TIMEOUT_KILLPG: &str = "flag-timeout-killpg";
/// Ours. How far the end of the service reaches.
pub const KILL_MODE: &str = "kill-mode";
/// The longest life of `finish`.
pub const TIMEOUT_FINISH: &str = "timeout-finish";
/// Ours. The longest life of `crash`.
pub const TIMEOUT_CRASH: &str = "timeout-crash";
/// Ours. The interval between two runs of `check`, and the longest life of one.
pub const TIMEOUT_CHECK: &str = "timeout-check";
/// Deaths remembered.
pub const MAX_DEATH_TALLY: &str = "max-death-tally";
/// Ours. The least time between two starts.
pub const RESTART_DELAY: &str = "restart-delay";
/// Ours. How many crashes in how long a time are a failure.
pub const MAX_RESTARTS: &str = "max-restarts";
/// Ours. The scanner ends with this service.
pub const ESSENTIAL: &str = "essential";
/// `run` is process 1 of a PID namespace.
pub const FLAG_NEWPIDNS: &str = "flag-newpidns";

/// The supervisor's directory.
pub const SUPERVISE: &str = "supervise";
/// The fifodir of the notices.
pub const EVENT: &str = "event";
/// Locked while a supervisor lives.
pub const LOCK: &str = "supervise/lock";
/// The FIFO for commands.
pub const CONTROL: &str = "supervise/control";
/// The FIFO while it is being put in the place of what is not it.
pub const CONTROL_NEW: &str = "supervise/control.new";
/// The record.
pub const STATUS: &str = "supervise/status";
/// The record while it is being written.
pub const STATUS_NEW: &str = "supervise/status.new";
/// Ours. What the record has no room for.
pub const DETAIL: &str = "supervise/detail";
/// The detail while it is being written.
pub const DETAIL_NEW: &str = "supervise/detail.new";
/// The last deaths.
pub const DEATH_TALLY: &str = "supervise/death_tally";
/// The same while it is being written.
pub const DEATH_TALLY_NEW: &str = "supervise/death_tally.new";
/// Locked by the service that has a `lock-fd`.
pub const SERVICE_LOCK: &str = "supervise/service-lock";
