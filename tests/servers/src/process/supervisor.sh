# Owns a server and its directory for as long as the process that started this one lives.
#   $1 where to make the directory   $2 the server's name
#   $3 the signal that ends the server at once   $4 what to do after its end
# stdin:  a command a line, one at a time, a preparation or the server. Its end is the end of the owner.
# stdout: "dir DIRECTORY", then "started PID" and "ended CODE" for every command.
dir=$(mktemp -d "$1/idem-$2.XXXXXX") && cd "$dir" || exit 1
echo "dir $dir"
begun=
while IFS= read -r command; do
    rm -f pid ended
    begun=yes
    (
        eval "$command" </dev/null >>log 2>&1 &
        trap '' PIPE # the owner may be gone already
        echo $! >pid
        echo "started $!"
        wait $!
        code=$?
        : >ended
        echo "ended $code"
    ) &
done

tenths=0
pause() { sleep 0.1 && tenths=$((tenths + 1)); }
if [ -n "$begun" ]; then
    until [ -s pid ]; do pause; done
    pid=$(cat pid)
    [ -e ended ] || { kill -CONT "$pid"; kill -"$3" "$pid"; }
    until [ -e ended ] || [ $tenths -ge 100 ]; do pause; done
    [ -e ended ] || kill -KILL "$pid"
fi
eval "$4"
# A straggler of the server may still write into the directory.
until rm -rf "$dir" || [ $tenths -ge 200 ]; do pause; done
