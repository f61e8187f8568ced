# Owns a server and its directory for as long as the process that started this one lives.
#   $1 where to make the directory   $2 the server's name
#   $3 the signal that ends the server at once   $4 what to do after its end
# stdin:  a command a line, one at a time, a preparation or the server. Its end is the end of the owner.
# stdout: "dir DIRECTORY", then "started PID" and "ended CODE" for every command.

# If the owner dies while the server is frozen, the system tells the whole group with this.
trap '' HUP
dir=$(mktemp -d "$1/idem-$2.XXXXXX") && cd "$dir" || exit 1
# MariaDB removes from the directory it is given what it takes for its own old tables, even those of another server.
export TMPDIR="$dir"
echo "dir $dir"
begun=
while IFS= read -r command; do
    rm -f pid ended
    begun=yes
    (
        { trap - HUP; eval "$command"; } </dev/null >>log 2>&1 &
        trap '' PIPE # the owner may be gone already
        echo $! >pid
        echo "started $!"
        wait $!
        code=$?
        : >ended
        echo "ended $code"
    ) &
done

pauses=0
pause() { sleep 0.02 && pauses=$((pauses + 1)); }
if [ -n "$begun" ]; then
    until [ -s pid ]; do pause; done
    pid=$(cat pid)
    [ -e ended ] || { kill -CONT "$pid"; kill -"$3" "$pid"; }
    until [ -e ended ] || [ $pauses -ge 500 ]; do pause; done
    [ -e ended ] || kill -KILL "$pid"
fi
eval "$4"
# A straggler of the server may still write into the directory.
until rm -rf "$dir" || [ $pauses -ge 1000 ]; do pause; done
