"""How far each of our shards has been read."""

from collections.abc import Callable

from app.chassis.sql.lease import Lease, Shard


class Cursors:
    """Follows the lease: a shard that is ours again is read again from its beginning."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._at: dict[Shard, int] = {}
        self._suspect_until: dict[Shard, int] = {}
        self._restarted: set[Shard] = set()  # since somebody began to read on

    def follow(self, high: int, is_in_hand: Callable[[int], bool]) -> None:
        """Forget shards we lost, start reading shards we gained, but only after earlier work on them has ended."""
        self._at = {shard: at for shard, at in self._at.items() if self._lease.owns(shard)}
        self._suspect_until = {shard: until for shard, until in self._suspect_until.items() if shard in self._at}
        for shard in self._lease.shards.values():
            if shard not in self._at and not is_in_hand(shard.number):
                self._at[shard] = 0
                self._suspect_until[shard] = high if shard.unclean else 0

    @property
    def shards(self) -> dict[int, Shard]:
        return {shard.number: shard for shard in self._at if self._lease.owns(shard)}

    def of(self, shard: Shard) -> int:
        return self._at.get(shard, 0)

    def furthest_behind(self, high: int) -> tuple[int, list[Shard]]:
        """The lowest cursor below `high`, and the shards that are there."""
        self._restarted.clear()
        start = min((at for at in self._at.values() if at < high), default=high)
        return start, [shard for shard, at in self._at.items() if at == start < high]

    def move(self, shards: list[Shard], to: int) -> None:
        self._at |= {shard: to for shard in shards if shard in self._at and shard not in self._restarted}

    def restart(self, shard: Shard) -> None:
        """Read the shard from its beginning, also if it is being read on right now."""
        if shard in self._at:
            self._at[shard] = 0
            self._restarted.add(shard)

    def is_suspect(self, shard: Shard, seq: int) -> bool:
        """Whether the delivery may have been in hand when the shard's former owner ended."""
        return seq <= self._suspect_until.get(shard, 0)
