"""The audit's tree (`domain/audit/`): whether it is what was signed, proofs of it, signing, witnessing, and the way in
for what was published before it existed.
"""
