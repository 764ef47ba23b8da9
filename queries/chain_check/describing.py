"""What is said of a chain that is not what its records say."""

from __future__ import annotations

from suyuan.domain.keys import join_key, partition_of
from suyuan.queries.chain_check import WrongChain


def describe(wrong: WrongChain, partitions: int) -> str:
    """What is wrong with a chain, and what puts it right, in one line; nothing from outside can break it."""
    about = wrong.seller_code if _is_of_seller(wrong) else wrong.producer_code
    partition = partition_of(about or join_key(*wrong.key), partitions)
    return (
        f"the chain of listing {wrong.listing_id!r} of platform {wrong.platform_code!r} is wrong: it says"
        f" {_verdict(wrong.stands)}, by its records it is {_verdict(wrong.right)} (differing:"
        f" {', '.join(wrong.fields)}). Stages lack records: suyuan state rebuild --partition {partition}"
    )


def _is_of_seller(wrong: WrongChain) -> bool:
    return wrong.stands is not None and any(field.startswith("seller_") for field in wrong.fields)


def _verdict(said: tuple[str, tuple[tuple[str, str | None], ...]] | None) -> str:
    if said is None:
        return "nothing"
    verdict, gaps = said
    return verdict + (f" ({', '.join(f'{gap} {subject!r}' for gap, subject in gaps)})" if gaps else "")
