//! What scripts in a container call.

mod kit;

use kit::{Image, ours_only};

/// Runs a script in a container: what it left in the trace.
#[track_caller]
fn script(script: &str) -> Vec<String> {
    let mut container = Image::new().script("cmd", script).start(&["/etc/cmd"]);
    assert_eq!(container.wait_exit(), 0, "{}", container.log());
    container.trace()
}

#[test]
fn with_retries_runs_until_it_succeeds() {
    ours_only!("the helpers are ours");
    let tries = "with-retries -n 5 sh -c 'echo x >>$T/tries; [ $(wc -l <$T/tries) -ge 3 ]'; echo $? >>$T/trace\n\
                 wc -l <$T/tries >>$T/trace; with-retries -n 2 false; echo $? >>$T/trace\n\
                 with-retries -n 2 -t 100 sleep 1000; echo $? >>$T/trace";
    assert_eq!(script(tries), ["0", "3", "99", "99"]);
}

#[test]
fn fifo_is_made_in_place_of_what_was_there() {
    ours_only!("the helpers are ours");
    let make = "echo x >/run/f; logutil-newfifo -m 0622 -o nobody /run/f && stat -c '%F %a %U' /run/f >>$T/trace\n\
                logutil-newfifo /run/g && stat -c '%F %a %U' /run/g >>$T/trace";
    assert_eq!(script(make), ["fifo 622 nobody", "fifo 600 root"]);
}

#[test]
fn attributes_are_put_in_order_by_hand_too() {
    ours_only!("the helpers are ours");
    let fix = "mkdir /run/d; touch /run/d/f; ln -s /etc/passwd /run/d/l; echo /run/d true nobody,1:1 0640 0750 >/run/lines\n\
               fix-attrs /run/lines; echo $? >>$T/trace; stat -c '%a %U' /run/d /run/d/f /etc/passwd >>$T/trace\n\
               echo bad >>/run/lines; fix-attrs /run/lines 2>/dev/null; echo $? >>$T/trace";
    let expected = ["0", "750 nobody", "640 nobody", "644 root", "1"];
    assert_eq!(script(fix), expected);
}

#[test]
fn halt_without_a_container_says_so() {
    ours_only!("the helpers are ours");
    let halt = "SV_STATE_DIR=/run/none halt 2>>$T/trace; echo $? >>$T/trace";
    assert_eq!(script(halt), ["halt: no container has its state in /run/none", "102"]);
}
