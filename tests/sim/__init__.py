"""A deterministic simulation of laptops, city, network and disks: one seed is one schedule.

The real state machines run (sync/sender.py, sync/client.py, sync/server/…, sync/merge.py); what is
swapped is what they stand on: the disk, the network, the clock, the order in which things happen,
and the mathematics of the signatures. `python -m tests.sim --seed N --trace` shows one schedule,
`python -m tests.sim --schedules 1000000` is for the night.

Files: kernel (who runs, who dies), disk, paths and rows (what a power cut takes), storm (what goes
wrong), road and lanes (the network), stick (the USB memory beside it), laptop and city (the real
code over them), people (what they do), world (one schedule), invariants (what must hold), bugs (put
in on purpose), run (many schedules). Not here: what the kit shows of the city's news (tests/pull).
"""
