# shellcheck shell=bash
# Completion of nodrop(1) for bash. It runs nothing: a completion that asked the
# program would, behind "drill ... --", run somebody's upgrade.
_nodrop() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} == -- ]]; then
      # A command of the user's, with a completion of its own.
      declare -F _command_offset >/dev/null && _command_offset $((i + 1))
      return
    fi
  done
  case ${COMP_WORDS[1]},$before in
    status,--json | run,--json) ;; # no value
    *,--json) return ;; # a file
  esac
  case $before in
    -f | --config | -t | --target | --previous | --against | --html | --junit | --units | --watch | --from | --to | --key) return ;; # a file
    -p | --packager) words='deb rpm' ;;
    --format) words='text json sarif' ;;
    --client)
      words='fresh= keepalive= post= tls= h2= slow= upload= download= idle= websocket= events='
      compopt -o nospace
      ;;
    --model) words='closed open' ;;
    --suite) words='bullseye bookworm trixie sid' ;;
    --name | --url | --before | --after | --timeout | --rate | --max-failed | --max-wait | --socket | --datagram | --build | --disable | --package)
      compopt +o default +o bashdefault
      ;;
    *)
      case $((COMP_CWORD > 1)),${COMP_WORDS[1]} in
        0,*) words='init package generate lint repo run drill status -h --help -v --version' ;;
        1,init) words='-y --yes -h --help' ;;
        1,package | 1,pkg | 1,p) words='-f --config -p --packager -t --target --previous -h --help' ;;
        1,generate) words='-f --config -h --help' ;;
        1,lint) words='--against --format --disable -h --help' ;;
        1,repo) words='--key -t --target --name -h --help' ;;
        1,status) words='--json -h --help' ;;
        1,run) words='--units --socket --datagram --carry --lazy --watch --build --json -h --help --' ;;
        1,drill) words='--from --package --to --suite --url --client --before --after --timeout --model --rate --max-failed --max-wait --json --html --junit --github -h --help --' ;;
      esac
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -o bashdefault -F _nodrop nodrop
