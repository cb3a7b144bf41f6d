# The status is that of the package's own script, if it has one here.
exit "${nodrop_status:-0}"
