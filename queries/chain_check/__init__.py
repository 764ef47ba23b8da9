"""Whether current chains are what the records say: assessed anew from the tables, and compared."""

from suyuan.queries.chain_check.checker import ChainChecker, Look, WrongChain

__all__ = ["ChainChecker", "Look", "WrongChain"]
