# Completion of svctl for fish, written from the tables of its options (make golden).
function __svctl_names
    set -l words (commandline -opc)
    set -l scan
    set -l at (contains -i -- -C $words[2..-1]; or true)
    test -n "$at"; and set scan -C $words[(math $at + 2)]
    svctl status $scan -o name 2>/dev/null
end
function __svctl_has_signal
    set -l value
    for word in (commandline -opc)[3..-1]
        if test -n "$value"
            set value
        else if test "$word" = -C
            set value yes
        else if not string match -q -- '--*' $word
            return 0
        end
    end
    return 1
end
complete -c svctl -f
complete -c svctl -n __fish_use_subcommand -a status -d 'shows services: all, or those that are named'
complete -c svctl -n '__fish_seen_subcommand_from status' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from status' -s o -r -d 'these values only, a line a service'
complete -c svctl -n '__fish_seen_subcommand_from status' -l json -d 'as JSON'
complete -c svctl -n '__fish_seen_subcommand_from status' -l watch -d 'again whenever something changes'
complete -c svctl -n __fish_use_subcommand -a up -d 'starts services, and keeps them up'
complete -c svctl -n '__fish_seen_subcommand_from up' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from up' -l wait -d 'until it is up, or ready'
complete -c svctl -n '__fish_seen_subcommand_from up' -l timeout -r -d 'wait, so many milliseconds at most; 0: no limit'
complete -c svctl -n __fish_use_subcommand -a down -d 'stops services, and leaves them down'
complete -c svctl -n '__fish_seen_subcommand_from down' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from down' -l wait -d 'until it is done'
complete -c svctl -n '__fish_seen_subcommand_from down' -l timeout -r -d 'wait, so many milliseconds at most; 0: no limit'
complete -c svctl -n __fish_use_subcommand -a restart -d 'stops services and starts them again'
complete -c svctl -n '__fish_seen_subcommand_from restart' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from restart' -l wait -d 'until it is up, or ready'
complete -c svctl -n '__fish_seen_subcommand_from restart' -l timeout -r -d 'wait, so many milliseconds at most; 0: no limit'
complete -c svctl -n __fish_use_subcommand -a reload -d 'sends services their reload-signal'
complete -c svctl -n '__fish_seen_subcommand_from reload' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n __fish_use_subcommand -a once -d 'starts services, and not again when they end'
complete -c svctl -n '__fish_seen_subcommand_from once' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from once' -l wait -d 'until it is up, or ready'
complete -c svctl -n '__fish_seen_subcommand_from once' -l timeout -r -d 'wait, so many milliseconds at most; 0: no limit'
complete -c svctl -n __fish_use_subcommand -a kill -d 'sends services a signal'
complete -c svctl -n '__fish_seen_subcommand_from kill' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from kill' -s s -x -a 'ALRM ABRT QUIT HUP KILL TERM INT USR1 USR2 STOP CONT WINCH' -d 'this signal, by name or number; -HUP is -s HUP'
complete -c svctl -n '__fish_seen_subcommand_from kill; and not __svctl_has_signal' -a 'ALRM ABRT QUIT HUP KILL TERM INT USR1 USR2 STOP CONT WINCH'
complete -c svctl -n '__fish_seen_subcommand_from kill; and __svctl_has_signal' -a '(__svctl_names)'
complete -c svctl -n __fish_use_subcommand -a pause -d 'stops the processes of services (STOP)'
complete -c svctl -n '__fish_seen_subcommand_from pause' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n __fish_use_subcommand -a cont -d 'lets paused services continue (CONT)'
complete -c svctl -n '__fish_seen_subcommand_from cont' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n __fish_use_subcommand -a exit -d 'stops services and ends their supervisors'
complete -c svctl -n '__fish_seen_subcommand_from exit' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from exit' -l wait -d 'until it is done'
complete -c svctl -n '__fish_seen_subcommand_from exit' -l timeout -r -d 'wait, so many milliseconds at most; 0: no limit'
complete -c svctl -n __fish_use_subcommand -a enable -d 'starts services, now and with the tree'
complete -c svctl -n '__fish_seen_subcommand_from enable' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from enable' -l wait -d 'until it is up, or ready'
complete -c svctl -n '__fish_seen_subcommand_from enable' -l timeout -r -d 'wait, so many milliseconds at most; 0: no limit'
complete -c svctl -n __fish_use_subcommand -a disable -d 'stops services, now and in the future'
complete -c svctl -n '__fish_seen_subcommand_from disable' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from disable' -l wait -d 'until it is done'
complete -c svctl -n '__fish_seen_subcommand_from disable' -l timeout -r -d 'wait, so many milliseconds at most; 0: no limit'
complete -c svctl -n __fish_use_subcommand -a rescan -d 'has the scanner look for services that came or went'
complete -c svctl -n '__fish_seen_subcommand_from rescan' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n __fish_use_subcommand -a stop -d 'stops the whole tree: every service, then the scanner'
complete -c svctl -n '__fish_seen_subcommand_from stop' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from stop' -l wait -d 'until the scanner has gone'
complete -c svctl -n '__fish_seen_subcommand_from stop' -l timeout -r -d 'wait, so many milliseconds at most; 0: no limit'
complete -c svctl -n __fish_use_subcommand -a upgrade -d 'has the tree go on as the programs that are there now, and waits for that'
complete -c svctl -n '__fish_seen_subcommand_from upgrade' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n '__fish_seen_subcommand_from upgrade' -l timeout -r -d 'wait so many milliseconds at most (default 10000); 0: no limit'
complete -c svctl -n __fish_use_subcommand -a why -d 'says how services came to where they are, and what happens next'
complete -c svctl -n '__fish_seen_subcommand_from why' -s n -r -d 'so many of the last deaths; default 5'
complete -c svctl -n '__fish_seen_subcommand_from why' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n __fish_use_subcommand -a logs -d 'shows the logs of services, and follows them'
complete -c svctl -n '__fish_seen_subcommand_from logs' -s f -l follow -d 'go on with what is written from now on'
complete -c svctl -n '__fish_seen_subcommand_from logs' -s n -l lines -r -d 'only the last lines of each'
complete -c svctl -n '__fish_seen_subcommand_from logs' -l since -r -d 'only from then on: 10m, 2h, 2026-11-20, \'2026-11-20 20:00:00\''
complete -c svctl -n '__fish_seen_subcommand_from logs' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n __fish_use_subcommand -a tree -d 'shows the scanner, the supervisors and all processes of the services, with memory and CPU time'
complete -c svctl -n '__fish_seen_subcommand_from tree' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n __fish_use_subcommand -a events -d 'shows what is remembered of the past of services, or with -f every notice as it happens'
complete -c svctl -n '__fish_seen_subcommand_from events' -s f -l follow -d 'every notice from now on, until it is interrupted'
complete -c svctl -n '__fish_seen_subcommand_from events' -l json -d 'an object a line'
complete -c svctl -n '__fish_seen_subcommand_from events' -s C -x -a '(__fish_complete_directories)' -d 'the scan directory'
complete -c svctl -n __fish_use_subcommand -a check -d 'finds faults in service directories and scan directories without running anything'
complete -c svctl -n '__fish_seen_subcommand_from check' -l json -d 'the findings as JSON'
complete -c svctl -n __fish_use_subcommand -a new -d 'writes a service directory'
complete -c svctl -n '__fish_seen_subcommand_from new' -l log -d 'with a logger, svlog, which writes log/main/current'
complete -c svctl -n '__fish_seen_subcommand_from new' -l user -r -d 'run the command, and the logger, as this user'
complete -c svctl -n '__fish_seen_subcommand_from new' -l ready -r -d 'the command writes a newline to this descriptor when it is ready'
complete -c svctl -n __fish_use_subcommand -a help -d 'says what verbs there are, or all about one'
complete -c svctl -n '__fish_seen_subcommand_from help' -a 'status up down restart reload once kill pause cont exit enable disable rescan stop upgrade why logs tree events check new help'
complete -c svctl -n '__fish_seen_subcommand_from status up down restart reload once pause cont exit enable disable why logs events' -a '(__svctl_names)'
complete -c svctl -n '__fish_seen_subcommand_from tree check new' -a '(__fish_complete_directories)'
