//! Completions of `svctl` for three shells, written from the tables of its options.

use std::fmt::Write;

use cli::options::{Opt, Program};

/// What the operands of a verb are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operands {
    Names,
    /// A signal first, then names.
    Signal,
    Directories,
    Verbs,
    Nothing,
}

/// The verb that a table is of, and what its operands are, as its usage says.
fn verb(program: &'static Program) -> (&'static str, Operands) {
    let name = program.name.rsplit(' ').next().unwrap();
    let last = program.usage.last().unwrap();
    let operands = if last.contains("signal name...") {
        Operands::Signal
    } else if last.contains("name...") || last.contains("name... ]") {
        Operands::Names
    } else if last.contains("[ verb ]") {
        Operands::Verbs
    } else if last.ends_with("dir...") || last.contains("scandir") || last.contains("dir -- ") {
        Operands::Directories
    } else {
        Operands::Nothing
    };
    (name, operands)
}

fn words(options: &[Opt]) -> String {
    let letters = options.iter().filter_map(|option| Some(format!("-{}", option.letter?)));
    let longs = options.iter().filter_map(|option| Some(format!("--{}", option.long?)));
    letters.chain(longs).chain(["--help".to_owned()]).collect::<Vec<_>>().join(" ")
}

fn verbs() -> String {
    svctl::programs().map(|program| verb(program).0).collect::<Vec<_>>().join(" ")
}

fn signals() -> String {
    svctl::signals().filter_map(unix::Signal::name).collect::<Vec<_>>().join(" ")
}

/// The `case` that bash and zsh share: options and operands of each verb.
fn cases() -> String {
    let mut text = String::new();
    for program in svctl::programs() {
        let (name, operands) = verb(program);
        let operands = format!("{operands:?}").to_lowercase();
        let _ = writeln!(text, "    {name}) options=\"{}\" operands={operands} ;;", words(program.options));
    }
    let _ = writeln!(text, "    *) options=\"{}\" operands=names ;;", words(svctl::PROGRAM.options));
    text
}

/// For bash.
pub fn bash() -> String {
    format!(
        "# Completion of svctl for bash, written from the tables of its options (make golden).\n\
         _svctl() {{\n    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}\n    \
         local verbs=\"{verbs}\"\n    local signals=\"{signals}\"\n    \
         local options operands signal i scan=()\n    COMPREPLY=()\n    \
         if [ \"$COMP_CWORD\" = 1 ]; then\n        \
         mapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$word\")\n        return\n    fi\n    \
         for ((i = 2; i < COMP_CWORD; i++)); do\n        case ${{COMP_WORDS[i]}} in\n        \
         -C) i=$((i + 1)); [ \"$i\" -lt \"$COMP_CWORD\" ] && scan=(-C \"${{COMP_WORDS[i]}}\") ;;\n        \
         --*) ;;\n        \
         -s) i=$((i + 1)) signal=yes ;;\n        \
         *) signal=yes ;;\n        esac\n    \
         done\n    case ${{COMP_WORDS[1]}} in\n{cases}    esac\n    \
         [ \"$operands$signal\" = signalyes ] && operands=names\n    \
         [ \"$before\" = -s ] && operands=signal\n    [ \"$before\" = -C ] && operands=directories\n    \
         case $word,$operands in\n    \
         -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\") ;;\n    \
         *,names) mapfile -t COMPREPLY < <(compgen -W \"$(svctl status \"${{scan[@]}}\" -o name 2>/dev/null)\" -- \"$word\") ;;\n    \
         *,signal) mapfile -t COMPREPLY < <(compgen -W \"$signals\" -- \"$word\") ;;\n    \
         *,verbs) mapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$word\") ;;\n    \
         *,directories) mapfile -t COMPREPLY < <(compgen -d -- \"$word\") ;;\n    esac\n}}\n\
         complete -F _svctl svctl\n",
        verbs = verbs(),
        signals = signals(),
        cases = cases(),
    )
}

/// For zsh.
pub fn zsh() -> String {
    format!(
        "#compdef svctl\n# Completion of svctl for zsh, written from the tables of its options (make golden).\n\
         _svctl() {{\n    local -a verbs signals scan\n    verbs=({verbs})\n    signals=({signals})\n    \
         local options operands signal i\n    \
         if (( CURRENT == 2 )); then\n        compadd -- $verbs\n        return\n    fi\n    \
         for (( i = 3; i < CURRENT; i++ )); do\n        case $words[i] in\n        \
         -C) (( ++i < CURRENT )) && scan=(-C $words[i]) ;;\n        \
         --*) ;;\n        \
         -s) (( ++i )); signal=yes ;;\n        \
         *) signal=yes ;;\n        esac\n    done\n    case $words[2] in\n{cases}    esac\n    \
         [[ $operands$signal == signalyes ]] && operands=names\n    \
         [[ $words[CURRENT-1] == -s ]] && operands=signal\n    \
         [[ $words[CURRENT-1] == -C ]] && operands=directories\n    \
         case $words[CURRENT],$operands in\n    -*) compadd -- ${{=options}} ;;\n    \
         *,names) compadd -- ${{(f)\"$(svctl status $scan -o name 2>/dev/null)\"}} ;;\n    \
         *,signal) compadd -- $signals ;;\n    \
         *,verbs) compadd -- $verbs ;;\n    *,directories) _files -/ ;;\n    esac\n}}\n\
         # Loaded by hand, or by compinit at its first use.\n\
         if [[ $funcstack[1] == _svctl ]]; then _svctl \"$@\"; elif (( $+functions[compdef] )); then compdef _svctl svctl; fi\n",
        verbs = verbs(),
        signals = signals(),
        cases = cases(),
    )
}

/// What fish needs to know of the words before: the names of services, of the scan directory that `-C`
/// names if it does, and whether there is a signal already.
const FISH_FUNCTIONS: &str = "\
function __svctl_names
    set -l words (commandline -opc)
    set -l scan
    set -l at (contains -i -- -C $words[2..-1]; or true)
    test -n \"$at\"; and set scan -C $words[(math $at + 2)]
    svctl status $scan -o name 2>/dev/null
end
function __svctl_has_signal
    set -l value
    for word in (commandline -opc)[3..-1]
        if test -n \"$value\"
            set value
        else if test \"$word\" = -C
            set value yes
        else if not string match -q -- '--*' $word
            return 0
        end
    end
    return 1
end
";

/// For fish.
pub fn fish() -> String {
    let mut text = format!(
        "# Completion of svctl for fish, written from the tables of its options (make golden).\n\
         {FISH_FUNCTIONS}complete -c svctl -f\n",
    );
    let (mut named, mut placed) = (Vec::new(), Vec::new());
    for program in svctl::programs() {
        let (name, operands) = verb(program);
        let about = quoted(program.about);
        let _ = writeln!(text, "complete -c svctl -n __fish_use_subcommand -a {name} -d {about}");
        let condition = format!("__fish_seen_subcommand_from {name}");
        for option in program.options {
            let _ = writeln!(text, "complete -c svctl -n '{condition}'{}", fish_option(option));
        }
        match operands {
            Operands::Names => named.push(name),
            Operands::Signal => {
                let (first, then) = (format!("{condition}; and not __svctl_has_signal"), signals());
                let _ = writeln!(text, "complete -c svctl -n '{first}' -a '{then}'");
                let then = format!("{condition}; and __svctl_has_signal");
                let _ = writeln!(text, "complete -c svctl -n '{then}' -a '(__svctl_names)'");
            }
            Operands::Directories => placed.push(name),
            Operands::Verbs => {
                let _ = writeln!(text, "complete -c svctl -n '{condition}' -a '{}'", verbs());
            }
            Operands::Nothing => {}
        }
    }
    let (named, placed) = (named.join(" "), placed.join(" "));
    let names = "(__svctl_names)";
    let _ = writeln!(text, "complete -c svctl -n '__fish_seen_subcommand_from {named}' -a '{names}'");
    let places = "(__fish_complete_directories)";
    let _ = writeln!(text, "complete -c svctl -n '__fish_seen_subcommand_from {placed}' -a '{places}'");
    text
}

fn fish_option(option: &Opt) -> String {
    let mut text = String::new();
    if let Some(letter) = option.letter {
        let _ = write!(text, " -s {letter}");
    }
    if let Some(long) = option.long {
        let _ = write!(text, " -l {long}");
    }
    match option.value {
        Some("dir") => text.push_str(" -x -a '(__fish_complete_directories)'"),
        Some("signal") => {
            let _ = write!(text, " -x -a '{}'", signals());
        }
        Some(_) if !option.is_optional => text.push_str(" -r"),
        _ => {}
    }
    let _ = write!(text, " -d {}", quoted(option.help));
    text
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
