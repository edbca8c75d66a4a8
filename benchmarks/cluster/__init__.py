"""One installation on many nodes, all on loopback, that lose their parts under traffic."""
