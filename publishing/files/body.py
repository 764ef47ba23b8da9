"""What came in one request as records: JSON, an object a line, an array, or CSV; also packed with gzip."""

from __future__ import annotations

import io

from suyuan.publishing.files.publish import Publication
from suyuan.publishing.files.records import Reading
from suyuan.publishing.files.sources import Source, TooLarge

MOST_EVENTS = 10_000
MOST_BYTES = 32 << 20
"""of a body, and of what comes out of it when it is unpacked"""


def publish_body(publication: Publication, body: bytes, name: str = "body", most: int | None = None) -> None:
    """Publish the records of a body as those of a file, and return when what is accepted is durable. `most`: events
    that it may hold, at most MOST_EVENTS.

    Raises FileRefusedError where the body as a whole cannot be read, TooLarge where it holds too much: then nothing of
    it was published.
    """
    if len(body) > MOST_BYTES:
        raise TooLarge(f"more than {MOST_BYTES:,} bytes: send it in parts")
    raw = io.BytesIO(body)

    def again() -> io.BytesIO:
        raw.seek(0)
        return raw

    most = MOST_EVENTS if most is None else min(most, MOST_EVENTS)
    source = Source(name, raw, len(body), again, MOST_BYTES)
    reading = Reading(source, publication.options)
    records = []
    for record in reading.records():
        if record[1] is not None:
            records.append(record)
        if len(records) > most:
            raise TooLarge(f"more than {most:,} events: send them in parts")
    publication.records(reading, records, source)
    publication.tally.notes += reading.notes
    publication.publisher.flush()
