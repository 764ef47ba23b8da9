"""Which events an answer rests on."""

from __future__ import annotations

from suyuan.queries.answers import WholeChain


def cited_by(chain: WholeChain) -> list[str]:
    """The evidence ids of a chain, each once: of the listing, of its gaps, of its nodes and hops."""
    ids = [chain.listing_event]
    ids += [evidence for gap in chain.gaps for evidence in gap.evidence]
    ids += [node.evidence for node in chain.nodes if node.evidence]
    ids += [hop.evidence for hop in chain.hops if hop.evidence]
    return list(dict.fromkeys(ids))
