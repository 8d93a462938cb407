"""One host at the other end of radio or cable, as the node keeps it: what it sent, and what waits for it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import wire

MAX_WAITING = 8  # commands of one host, and answers to it


class Host:
    """Two queues. They are bounded: a host that floods, or does not take its answers, costs no memory."""

    def __init__(self, limit: int) -> None:
        self.limit = limit  # bytes that one packet to it may have
        self.inbox: "list[tuple[int, bytes]]" = []  # (time.ticks_us() at arrival, command)
        self.outbox: "list[bytes]" = []
        self.questions: "list[wire.Time]" = []  # of the clock; an answer is stamped when it is sent
        self.dropped = 0

    def put(self, came_us: int, data: bytes) -> None:
        """A command came in. May be called from an interrupt; one beyond MAX_WAITING is dropped and counted."""
        if len(self.inbox) < MAX_WAITING:
            self.inbox.append((came_us, data))
        else:
            self.dropped += 1
