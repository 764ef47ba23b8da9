"""An append-only Merkle tree (RFC 6962, RFC 9162), its proofs, and what is signed of it.

`tree.py` grows it, `proofs.py` makes and checks proofs of it, `notes.py` and `checkpoints.py` hold what a log and its
witnesses sign: formats of C2SP, so other people's tools read them too.
"""
