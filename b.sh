cd /work/wt/perf/packages/codec && npx tsdown >/tmp/tsdown.log 2>&1 || tail -20 /tmp/tsdown.log
