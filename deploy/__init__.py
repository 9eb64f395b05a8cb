"""The product as many processes: on one machine, in containers, in a cluster."""
