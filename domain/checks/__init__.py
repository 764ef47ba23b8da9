"""Online spot checks: what is looked at, and by whom, drawn so that a stranger can draw it again.

A check is a chain of acts, each of which holds the hash of the one before. Nothing here reads a file or a clock.

bodies.py      what each act says, and its one text
faults.py      for what an act is not accepted
stage.py       how far a check has come
numbers.py     numbers of checks, without holes, and of orders
frame.py       what is drawn from: a line for each listing, and the Merkle root over all
randomness.py  a public beacon's round, or what parties committed to and revealed; the seed
tickets.py     the number that each listing draws
selection.py   the least tickets of each stratum
officers.py    who carries out each order
draw.py        the whole draw: orders, and the act that names them
acts.py        acts and answers as events, and which of them are refused
life.py        what becomes of an order
deadlines.py   the days that there are for something, with their source
publication.py the files that anybody may fetch
rates.py       what a share of the drawn says of all
"""
