# Completion of svctl for bash, written from the tables of its options (make golden).
_svctl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local verbs="status up down restart reload once kill pause cont exit enable disable rescan stop upgrade why logs tree events check new help"
    local signals="ALRM ABRT QUIT HUP KILL TERM INT USR1 USR2 STOP CONT WINCH"
    local options operands signal i scan=()
    COMPREPLY=()
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word")
        return
    fi
    for ((i = 2; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -C) i=$((i + 1)); [ "$i" -lt "$COMP_CWORD" ] && scan=(-C "${COMP_WORDS[i]}") ;;
        --*) ;;
        -s) i=$((i + 1)) signal=yes ;;
        *) signal=yes ;;
        esac
    done
    case ${COMP_WORDS[1]} in
    status) options="-C -o --json --watch --help" operands=names ;;
    up) options="-C --wait --timeout --help" operands=names ;;
    down) options="-C --wait --timeout --help" operands=names ;;
    restart) options="-C --wait --timeout --help" operands=names ;;
    reload) options="-C --help" operands=names ;;
    once) options="-C --wait --timeout --help" operands=names ;;
    kill) options="-C -s --help" operands=signal ;;
    pause) options="-C --help" operands=names ;;
    cont) options="-C --help" operands=names ;;
    exit) options="-C --wait --timeout --help" operands=names ;;
    enable) options="-C --wait --timeout --help" operands=names ;;
    disable) options="-C --wait --timeout --help" operands=names ;;
    rescan) options="-C --help" operands=nothing ;;
    stop) options="-C --wait --timeout --help" operands=nothing ;;
    upgrade) options="-C --timeout --help" operands=nothing ;;
    why) options="-n -C --help" operands=names ;;
    logs) options="-f -n -C --follow --lines --since --help" operands=names ;;
    tree) options="-C --help" operands=directories ;;
    events) options="-f -C --follow --json --help" operands=names ;;
    check) options="--json --help" operands=directories ;;
    new) options="--log --user --ready --help" operands=directories ;;
    help) options="--help" operands=verbs ;;
    *) options="-u -U -d -D -r -l -o -O -Q -x -E -a -b -q -h -k -t -i -1 -2 -p -c -y -P -C -K -s -n -N -z -w -T --help" operands=names ;;
    esac
    [ "$operands$signal" = signalyes ] && operands=names
    [ "$before" = -s ] && operands=signal
    [ "$before" = -C ] && operands=directories
    case $word,$operands in
    -*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
    *,names) mapfile -t COMPREPLY < <(compgen -W "$(svctl status "${scan[@]}" -o name 2>/dev/null)" -- "$word") ;;
    *,signal) mapfile -t COMPREPLY < <(compgen -W "$signals" -- "$word") ;;
    *,verbs) mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$word") ;;
    *,directories) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    esac
}
complete -F _svctl svctl
