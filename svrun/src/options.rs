//! The options of `svrun`.

mod draft;

use std::ffi::OsString;

use cli::Failure;
use cli::options::{Name, Opt, Program, Word};

use crate::change::Plan;
use draft::Draft;

/// `svrun` as its users see it.
pub const PROGRAM: Program = Program {
    name: "svrun",
    about: "changes the process state, then executes a program",
    usage: &["[ options ] prog..."],
    options: &[
        Opt::value('u', "user[:group]", "become that user, with all his groups; set HOME and USER")
            .or("user"),
        Opt::long("groups", Some("group,..."), "with these supplementary groups instead"),
        Opt::value('U', "user[:group]", "set UID, GID and GIDLIST to that user's").or("export-ids"),
        Opt::flag('i', "begin with an empty environment").or("clean"),
        Opt::value('k', "name,...", "the same, but keep these variables").or("keep"),
        Opt::value('e', "dir", "set variables to the first lines of the files in dir").or("env-dir"),
        Opt::value('E', "file", "set variables as the lines NAME=VALUE say").or("env-file"),
        Opt::value('s', "name=value", "set a variable").or("set"),
        Opt::value('x', "name", "remove a variable").or("unset"),
        Opt::long("secrets", Some("name,..."), "replace NAME_FILE by NAME, with what the file holds")
            .or_nothing(),
        Opt::value('m', "mode", "set the umask, in octal").or("umask"),
        Opt::value('R', "dir", "change the root directory").or("root"),
        Opt::value('C', "dir", "change the working directory").or("chdir"),
        Opt::value('l', "name=soft[:hard]", "set a resource limit").or("limit"),
        Opt::value('n', "n", "add to the nice value").or("nice"),
        Opt::long("io-priority", Some("class[:level]"), "idle, best-effort or realtime, level 0 to 7"),
        Opt::long("oom-score", Some("n"), "-1000, never ended when memory runs out, to 1000"),
        Opt::long("cpus", Some("list"), "run on these processors, as in 0,2-3"),
        Opt::flag('S', "start a session").or("session"),
        Opt::flag('P', "start a process group").or("process-group"),
        Opt::value('L', "file", "hold a lock on a file; wait for it").or("lock"),
        Opt::long("try-lock", Some("file"), "the same, but fail if somebody holds it"),
        Opt::long("lock-timeout", Some("ms"), "wait for the lock so many milliseconds"),
        Opt::value('a', "name", "execute the program under this name").or("argv0"),
        Opt::value('r', "redirection", "as in the shell: '2>&1', '<file', '3>>file', '0<&-'").or("redirect"),
        Opt::value('c', "list", "close descriptors, as in 0,5-7,9-").or("close"),
        Opt::long("no-new-privs", None, "get no privileges from programs any more"),
        Opt::long("bounding", Some("caps"), "keep no other capabilities in reach, as in all,-sys_admin"),
        Opt::long("ambient", Some("caps"), "have these capabilities, whoever the user is"),
        Opt::long("allow-read", Some("path"), "landlock: use no path but such, to read and execute"),
        Opt::long("allow-write", Some("path"), "landlock: and such, to change too"),
        Opt::long("allow-bind", Some("ports"), "landlock: listen at no TCP ports but these; none"),
        Opt::long("allow-connect", Some("ports"), "landlock: connect to no TCP ports but these; none"),
        Opt::long("allow-less", None, "landlock: go on where the kernel cannot do all of it"),
    ],
};

/// The plan of a command line; `None`: it was a question, and is answered.
pub(crate) fn parse(args: Vec<OsString>) -> Result<Option<Plan>, Failure> {
    let Some(words) = PROGRAM.parse_command(args)? else { return Ok(None) };
    let (mut draft, mut command) = (Draft::default(), Vec::new());
    for word in words {
        match word {
            Word::Operand(operand) => command.push(operand),
            Word::Option(Name::Letter(letter), value) => draft.letter(letter, value)?,
            Word::Option(Name::Long(name), value) => draft.long(name, &value)?,
        }
    }
    if command.is_empty() {
        return Err(PROGRAM.usage());
    }
    draft.finish(command).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(line: &str) -> Vec<u8> {
        let args = line.split(' ').map(OsString::from).collect();
        let plan = parse(args).unwrap().unwrap();
        assert_eq!(plan.words, ["prog", "-u"]);
        plan.changes.iter().map(|change| change.rank()).collect()
    }

    #[test]
    fn changes_have_one_order_whatever_the_options_have() {
        let line = "svrun -c 3- -u web -l core=0 -R / -s A=1 -L lock --bounding none -i --allow-read / -n 1 -m 7 prog -u";
        let sorted = [0, 1, 2, 3, 4, 7, 8, 10, 11, 13, 15, 17, 18, 19];
        assert_eq!(order(line), sorted);
        let back = "svrun -m 7 -n 1 --allow-read / -i --bounding none -L lock -s A=1 -R / -l core=0 -u web -c 3- prog -u";
        assert_eq!(order(back), sorted);
    }

    #[test]
    fn variables_stay_in_the_order_of_the_command_line() {
        let args = ["svrun", "-x", "A", "-s", "B=1", "-x", "C", "prog"].map(OsString::from);
        let plan = parse(args.into()).unwrap().unwrap();
        let shown: Vec<String> = plan.changes.iter().map(|change| format!("{change:?}")).collect();
        assert_eq!(shown, ["Unset(\"A\")", "Set(\"B\", \"1\")", "Unset(\"C\")"]);
    }
}
