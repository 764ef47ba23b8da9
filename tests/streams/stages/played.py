"""Rows of inputs in blocks of chance, through a partition whose turns are lost by chance."""


def blocks_of(rows, chance):
    """Runs of (topic, row) of one topic, of chance length: (topic, rows) each."""
    blocks = []
    for topic, row in rows:
        if blocks and blocks[-1][0] == topic and chance.random() < 0.6:
            blocks[-1][1].append(row)
        else:
            blocks.append((topic, [row]))
    return blocks


def play(partition, blocks, chance, losses, *, inputs, backlog, before=lambda _heard: None):
    """All rows that got out. A lost turn has written its state and lost its output: the block comes again, perhaps
    after blocks of other topics. `inputs`, `backlog`: topics; `before`: called before each turn with what got out.
    """
    heard = []
    waiting = {topic: [rows for name, rows in blocks if name == topic] for topic in inputs}
    waiting[backlog] = []
    done = dict.fromkeys(waiting, 0)
    applied = dict.fromkeys(waiting, -1)
    while topics := [topic for topic in waiting if len(waiting[topic]) > done[topic]]:
        topic = chance.choice(topics)
        offset = done[topic]
        before(heard)
        said = partition.feed(topic, waiting[topic][offset], offset=offset, redelivered=applied[topic] >= offset)
        applied[topic] = offset
        lost = chance.random() < losses
        if not lost or chance.random() < 0.5:
            waiting[backlog] += partition.backlog
            heard += said
        partition.backlog.clear()
        if not lost:
            done[topic] += 1
    return heard
