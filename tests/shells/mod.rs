//! Completions of `svctl` for three shells, written from the tables of its options.

use std::fmt::Write;

use cli::options::{Opt, Program};

/// What the operands of a verb are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operands {
    Names,
    Directories,
    Verbs,
    Nothing,
}

/// The verb that a table is of, and what its operands are, as its usage says.
fn verb(program: &'static Program) -> (&'static str, Operands) {
    let name = program.name.rsplit(' ').next().unwrap();
    let last = program.usage.last().unwrap();
    let operands = if last.contains("name...") || last.contains("name... ]") {
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
         local verbs=\"{verbs}\"\n    local options operands i scan=()\n    COMPREPLY=()\n    \
         if [ \"$COMP_CWORD\" = 1 ]; then\n        \
         mapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$word\")\n        return\n    fi\n    \
         for ((i = 1; i < COMP_CWORD; i++)); do\n        \
         [ \"${{COMP_WORDS[i]}}\" = -C ] && [ $((i + 1)) -lt \"$COMP_CWORD\" ] && scan=(-C \"${{COMP_WORDS[i+1]}}\")\n    \
         done\n    case ${{COMP_WORDS[1]}} in\n{cases}    esac\n    [ \"$before\" = -C ] && operands=directories\n    \
         case $word,$operands in\n    \
         -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\") ;;\n    \
         *,names) mapfile -t COMPREPLY < <(compgen -W \"$(svctl status \"${{scan[@]}}\" -o name 2>/dev/null)\" -- \"$word\") ;;\n    \
         *,verbs) mapfile -t COMPREPLY < <(compgen -W \"$verbs\" -- \"$word\") ;;\n    \
         *,directories) mapfile -t COMPREPLY < <(compgen -d -- \"$word\") ;;\n    esac\n}}\n\
         complete -F _svctl svctl\n",
        verbs = verbs(),
        cases = cases(),
    )
}

/// For zsh.
pub fn zsh() -> String {
    format!(
        "#compdef svctl\n# Completion of svctl for zsh, written from the tables of its options (make golden).\n\
         _svctl() {{\n    local -a verbs scan\n    verbs=({verbs})\n    local options operands i\n    \
         if (( CURRENT == 2 )); then\n        compadd -- $verbs\n        return\n    fi\n    \
         for (( i = 2; i < CURRENT - 1; i++ )); do\n        \
         [[ $words[i] == -C ]] && scan=(-C $words[i+1])\n    done\n    case $words[2] in\n{cases}    esac\n    \
         [[ $words[CURRENT-1] == -C ]] && operands=directories\n    \
         case $words[CURRENT],$operands in\n    -*) compadd -- ${{=options}} ;;\n    \
         *,names) compadd -- ${{(f)\"$(svctl status $scan -o name 2>/dev/null)\"}} ;;\n    \
         *,verbs) compadd -- $verbs ;;\n    *,directories) _files -/ ;;\n    esac\n}}\n\
         # Loaded by hand, or by compinit at its first use.\n\
         if [[ $funcstack[1] == _svctl ]]; then _svctl \"$@\"; elif (( $+functions[compdef] )); then compdef _svctl svctl; fi\n",
        verbs = verbs(),
        cases = cases(),
    )
}

/// For fish.
pub fn fish() -> String {
    let mut text = String::from(
        "# Completion of svctl for fish, written from the tables of its options (make golden).\ncomplete -c svctl -f\n",
    );
    let (mut named, mut placed) = (Vec::new(), Vec::new());
    for program in svctl::programs() {
        let (name, operands) = verb(program);
        let about = quoted(program.about);
        let _ = writeln!(text, "complete -c svctl -n __fish_use_subcommand -a {name} -d {about}");
        for option in program.options {
            let _ = writeln!(
                text,
                "complete -c svctl -n '__fish_seen_subcommand_from {name}'{}",
                fish_option(option)
            );
        }
        match operands {
            Operands::Names => named.push(name),
            Operands::Directories => placed.push(name),
            Operands::Verbs => {
                let condition = format!("'__fish_seen_subcommand_from {name}'");
                let _ = writeln!(text, "complete -c svctl -n {condition} -a '{}'", verbs());
            }
            Operands::Nothing => {}
        }
    }
    let (named, placed) = (named.join(" "), placed.join(" "));
    let names = "(svctl status -o name 2>/dev/null)";
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
    if option.value.is_some() && !option.is_optional {
        text.push_str(" -r");
    }
    let _ = write!(text, " -d {}", quoted(option.help));
    text
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
