# Completion of nodrop(1) for fish.
set -l init '__fish_seen_subcommand_from init'
set -l package '__fish_seen_subcommand_from package pkg p'
set -l generate '__fish_seen_subcommand_from generate'
set -l lint '__fish_seen_subcommand_from lint'
set -l repo '__fish_seen_subcommand_from repo'
set -l run '__fish_seen_subcommand_from run'
set -l drill '__fish_seen_subcommand_from drill'
set -l state '__fish_seen_subcommand_from status'

complete -c nodrop -f
complete -c nodrop -s h -l help -d 'Show help'
complete -c nodrop -n __fish_use_subcommand -s v -l version -d 'Print the version'
complete -c nodrop -n __fish_use_subcommand -a init -d 'Write what a package of a Go server needs'
complete -c nodrop -n __fish_use_subcommand -a package -d 'Build a deb or rpm from an nfpm.yaml and unit files'
complete -c nodrop -n __fish_use_subcommand -a generate -d 'Write companion units and maintainer scripts as files'
complete -c nodrop -n __fish_use_subcommand -a lint -d 'Find what loses connections, in units and in built packages'
complete -c nodrop -n __fish_use_subcommand -a repo -d 'Publish debs and rpms in a signed repository'
complete -c nodrop -n __fish_use_subcommand -a run -d 'Give a program sockets, readiness and rollouts, without systemd'
complete -c nodrop -n __fish_use_subcommand -a drill -d 'Load a server while a command runs, and say what was lost'
complete -c nodrop -n __fish_use_subcommand -a status -d 'Tell how a service on this host is doing'

complete -c nodrop -n $init -s y -l yes -d 'Take the defaults, ask nothing'
complete -c nodrop -n $init -xa '(__fish_complete_directories)'

complete -c nodrop -n $package -s f -l config -rF -d 'Read this nfpm.yaml'
complete -c nodrop -n $package -s p -l packager -xa 'deb rpm' -d 'Build this format'
complete -c nodrop -n $package -s t -l target -rF -d 'A directory, or a file'
complete -c nodrop -n $package -l previous -rF -d 'Compare with the package that this one is an upgrade of'

complete -c nodrop -n $generate -s f -l config -rF -d 'Read this nfpm.yaml'
complete -c nodrop -n $generate -xa '(__fish_complete_directories)'

complete -c nodrop -n $lint -l against -rF -d 'Also check the upgrade from this version'
complete -c nodrop -n $lint -l format -xa 'text json sarif' -d 'Write this format'
complete -c nodrop -n $lint -l disable -x -d 'Silence RULE=REASON everywhere'
complete -c nodrop -n $lint -F

complete -c nodrop -n $repo -l key -rF -d 'Sign with this secret PGP key'
complete -c nodrop -n $repo -s t -l target -xa '(__fish_complete_directories)' -d 'The repository'
complete -c nodrop -n $repo -l name -x -d 'Who publishes it'
complete -c nodrop -n $repo -F

complete -c nodrop -n $run -l units -rF -d 'Take the units in this directory, or this service'
complete -c nodrop -n $run -l socket -x -d 'Listen on NAME=ADDRESS'
complete -c nodrop -n $run -l datagram -x -d 'Take datagrams on NAME=ADDRESS'
complete -c nodrop -n $run -l carry -d 'Give it a handover socket'
complete -c nodrop -n $run -l lazy -d 'Start it when the first connection comes in'
complete -c nodrop -n $run -l watch -xa '(__fish_complete_directories)' -d 'Roll out when a file here changes'
complete -c nodrop -n $run -l build -x -d 'Make the program by COMMAND'
complete -c nodrop -n $run -l json -d 'Write events as JSON'
complete -c nodrop -n $run -F

complete -c nodrop -n $drill -l url -x -d 'Load this URL'
complete -c nodrop -n $drill -l client -xa 'fresh= keepalive= post= tls= h2= slow= upload= download= idle= websocket= events=' -d 'Load with KIND=N clients'
complete -c nodrop -n $drill -l before -x -d 'Load for TIME before the command'
complete -c nodrop -n $drill -l after -x -d 'Load for TIME after the command'
complete -c nodrop -n $drill -l timeout -x -d 'A request is lost after TIME'
complete -c nodrop -n $drill -l model -xa 'closed open' -d 'What makes a request begin'
complete -c nodrop -n $drill -l rate -x -d 'N requests a second per client'
complete -c nodrop -n $drill -l max-failed -x -d 'Pass with up to N requests failed'
complete -c nodrop -n $drill -l max-wait -x -d 'Fail if a request waits longer than TIME'
complete -c nodrop -n $drill -l from -rF -d 'Install this package on a throw-away host'
complete -c nodrop -n $drill -l package -x -d 'Install this one of the apt sources on a throw-away host'
complete -c nodrop -n $drill -l to -rF -d 'Upgrade to this package under load'
complete -c nodrop -n $drill -l suite -xa 'bullseye bookworm trixie sid' -d 'The release of Debian of the throw-away host'
complete -c nodrop -n $drill -l json -rF -d 'Write the report to FILE'
complete -c nodrop -n $drill -l html -rF -d 'Write the report to FILE as a page'
complete -c nodrop -n $drill -l junit -rF -d 'Write the report to FILE as JUnit XML'
complete -c nodrop -n $drill -l github -d 'Annotate the run of GitHub Actions'
complete -c nodrop -n $drill -F

complete -c nodrop -n $state -l json -d 'Write it as JSON'
